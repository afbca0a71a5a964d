namespace Federated.Simulation.Studies;

/// <summary>A named comparison: one task under several settings, each run with several seeds.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Question">What it asks, in one sentence.</param>
/// <param name="Arms">The settings, in the order of the table.</param>
/// <param name="Seeds">The seeds of every arm.</param>
/// <param name="Target">The accuracy whose cost is compared.</param>
public sealed record Study(string Name, string Question, IReadOnlyList<StudyArm> Arms, IReadOnlyList<ulong> Seeds, double Target);
