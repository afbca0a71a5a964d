using System.Collections.Immutable;

namespace Federated.Coordination.Hierarchy;

/// <summary>The tree of a round.</summary>
/// <param name="Nodes">The busy nodes, by id.</param>
/// <param name="Overflow">Clients placed beyond the nodes' residual capacity: they are served, but later.</param>
public sealed record HierarchyPlan(ImmutableArray<NodePlan> Nodes, int Overflow)
{
    /// <summary>The node of the top; null when no client was placed.</summary>
    public string? TopNode => Nodes.FirstOrDefault(node => node.IsTop)?.NodeId;
}
