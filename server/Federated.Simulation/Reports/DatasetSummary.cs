namespace Federated.Simulation.Reports;

/// <summary>What was trained on.</summary>
/// <param name="Name">Name of the data set.</param>
/// <param name="Format">The format that it was read from.</param>
/// <param name="Shape">The shape of an example, for people.</param>
/// <param name="Classes">Names of the classes, or the symbols of a text.</param>
/// <param name="TrainExamples">Training examples that clients hold.</param>
/// <param name="TestExamples">Held-out examples.</param>
/// <param name="Notes">What the reader has left out.</param>
public sealed record DatasetSummary(
    string Name, string Format, string Shape, IReadOnlyList<string> Classes, int TrainExamples, int TestExamples, IReadOnlyList<string> Notes);
