using System.Globalization;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Selection;

/// <summary>The strategies by name, with their parameters behind a colon: <c>oort:exploration=0.5,alpha=1</c>.</summary>
public static class Selections
{
    private static readonly Entry[] Entries =
    [
        new("uniform", "every candidate alike", [], (seed, _) => new UniformSelection(seed)),
        new("data", "in proportion to the examples that a client reported", [], (seed, _) => new DataWeightedSelection(seed)),
        new(
            "power-of-choice",
            "the highest last losses among factor × count candidates drawn by data",
            [new Parameter("factor", 2, "in [1, 1000]", value => value is >= 1 and <= 1000)],
            (seed, values) => new PowerOfChoiceSelection(seed, values[0])),
        new(
            "oort",
            "by utility (examples × loss) and speed; a share explores clients that were never counted",
            [
                new Parameter("exploration", 0.9, "in [0, 1]", value => value is >= 0 and <= 1),
                new Parameter("alpha", 2, "at least 0", value => value >= 0),
                new Parameter("quantile", 0.5, "in [0, 1]", value => value is >= 0 and <= 1),
            ],
            (seed, values) => new OortSelection(seed, values[0], values[1], values[2])),
    ];

    /// <summary>What there is: name with parameters and defaults, and what it does.</summary>
    public static IEnumerable<(string Form, string Summary)> All => Entries.Select(entry => (entry.Form, entry.Summary));

    /// <summary>What is wrong with the strategy that a definition names; empty when nothing is.</summary>
    /// <param name="job">The definition.</param>
    public static IReadOnlyList<JobDefinitionError> Validate(JobDefinition job) =>
        TryParse(job.Round.Selection, out _, out _) is { } fault ? [new JobDefinitionError("round.selection", fault)] : [];

    /// <summary>Makes the strategy that a definition names.</summary>
    /// <param name="job">A valid definition.</param>
    public static ISelectionStrategy Create(JobDefinition job) => TryParse(job.Round.Selection, out Entry? entry, out double[] values) is { } fault
        ? throw new ArgumentException(fault, nameof(job))
        : entry!.Create(job.Seed, values);

    private static string? TryParse(string text, out Entry? entry, out double[] values)
    {
        values = [];
        string[] parts = text.Split(':', 2);
        entry = Array.Find(Entries, known => known.Name == parts[0]);
        if (entry is null)
        {
            return $"'{text}' is unknown; known are {string.Join(", ", Entries.Select(known => known.Form))}.";
        }

        values = [.. entry.Parameters.Select(parameter => parameter.Default)];
        foreach (string pair in parts.Length == 1 ? [] : parts[1].Split(','))
        {
            string[] sides = pair.Split('=', 2);
            int index = Array.FindIndex(entry.Parameters, parameter => parameter.Name == sides[0]);
            if (index < 0 || sides.Length < 2)
            {
                return $"'{pair}' is no parameter of {entry.Name}; expected {entry.Form}.";
            }

            if (!double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out values[index]) || !entry.Parameters[index].Allows(values[index]))
            {
                return $"{sides[0]} '{sides[1]}' is not allowed; it must be {entry.Parameters[index].Range}.";
            }
        }

        return null;
    }

    private sealed record Parameter(string Name, double Default, string Range, Func<double, bool> Allows);

    private sealed record Entry(string Name, string Summary, Parameter[] Parameters, Func<ulong, double[], ISelectionStrategy> Create)
    {
        public string Form => Parameters.Length == 0
            ? Name
            : $"{Name}:{string.Join(',', Parameters.Select(parameter => FormattableString.Invariant($"{parameter.Name}={parameter.Default}")))}";
    }
}
