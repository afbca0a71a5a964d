namespace Federated.Simulation.Reports;

/// <summary>The data of a client.</summary>
/// <param name="Name">The client.</param>
/// <param name="Examples">Its training examples.</param>
/// <param name="Labels">Its examples of each class, in the order of the classes; empty for text.</param>
/// <param name="Byzantine">Whether it was one of the simulation's attackers; its data are those that it trained on.</param>
public sealed record ClientSummary(string Name, int Examples, IReadOnlyList<int> Labels, bool Byzantine);
