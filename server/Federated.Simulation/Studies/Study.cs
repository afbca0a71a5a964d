namespace Federated.Simulation.Studies;

/// <summary>A named comparison: one task under several settings, each run with several seeds.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Question">What it asks, in one sentence.</param>
/// <param name="Arms">The settings, in the order of the table.</param>
/// <param name="Seeds">The seeds of every arm.</param>
/// <param name="Target">The accuracy whose cost is compared.</param>
public sealed record Study(string Name, string Question, IReadOnlyList<StudyArm> Arms, IReadOnlyList<ulong> Seeds, double Target)
{
    /// <summary>Most runs that go on at a time, each with its part of the threads: more than one where rounds are so short that threads would wait for each other at their ends. It changes no result.</summary>
    public int SideBySide { get; init; } = 1;

    /// <summary>A part of the study; its runs are those of the whole, so that one folder takes both.</summary>
    /// <param name="text">What group and name of an arm contain; null for all arms.</param>
    /// <param name="seeds">The seeds; empty for all.</param>
    /// <exception cref="SimulationException">Nothing is left, or the study has no such seed.</exception>
    public Study Part(string? text, IReadOnlyCollection<ulong> seeds)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        StudyArm[] arms = [.. Arms.Where(arm => text is null || $"{arm.Group} {arm.Name}".Contains(text, StringComparison.Ordinal))];
        if (arms.Length == 0)
        {
            throw new SimulationException($"only '{text}': no arm of study {Name} is called so; one is '{Arms[0].Group} {Arms[0].Name}'.");
        }

        return seeds.Except(Seeds).Any()
            ? throw new SimulationException($"seeds {string.Join(", ", seeds.Except(Seeds))}: study {Name} has {string.Join(", ", Seeds)}.")
            : this with { Arms = arms, Seeds = seeds.Count == 0 ? Seeds : [.. seeds.Distinct().Order()] };
    }
}
