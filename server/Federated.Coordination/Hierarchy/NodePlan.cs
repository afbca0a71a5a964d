namespace Federated.Coordination.Hierarchy;

/// <summary>What one node does in a round.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Clients">Clients whose tickets name the node's gateway.</param>
/// <param name="Leaves">Leaf functions to have ready: ⌈Q / I⌉, at least 1 on a busy node.</param>
/// <param name="HasMiddle">Whether a middle merges the node's leaves; one on each busy node that is not the top's only leaf.</param>
/// <param name="IsTop">Whether the round's top runs here.</param>
public sealed record NodePlan(string NodeId, int Clients, int Leaves, bool HasMiddle, bool IsTop);
