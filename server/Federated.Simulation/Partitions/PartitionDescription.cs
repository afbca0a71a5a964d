namespace Federated.Simulation.Partitions;

/// <summary>A way of dealing, for lists and help.</summary>
/// <param name="Syntax">How <c>--partition</c> writes it.</param>
/// <param name="Description">What it does.</param>
public sealed record PartitionDescription(string Syntax, string Description);
