namespace Federated.Coordination.Hierarchy;

/// <summary>How many clients in turn go to a node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Clients">At least 1.</param>
public sealed record NodeClients(string NodeId, int Clients);
