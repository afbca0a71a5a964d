namespace Federated.Simulation.Partitions;

/// <summary>A client of a simulation: its name and its rows of the shared examples.</summary>
/// <param name="Name">The natural group's name, or <c>client-N</c>.</param>
/// <param name="Rows">Ascending rows of the data set's examples.</param>
public sealed record VirtualClient(string Name, int[] Rows);
