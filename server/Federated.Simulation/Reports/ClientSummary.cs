namespace Federated.Simulation.Reports;

/// <summary>The data of a client.</summary>
/// <param name="Name">The client.</param>
/// <param name="Examples">Its training examples.</param>
/// <param name="Labels">Its examples of each class, in the order of the classes; empty for text.</param>
public sealed record ClientSummary(string Name, int Examples, IReadOnlyList<int> Labels);
