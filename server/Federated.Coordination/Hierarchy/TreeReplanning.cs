using Federated.Protocol.Tier;

namespace Federated.Coordination.Hierarchy;

/// <summary>
/// Looks at the tree of an open round again, on a period. Nobody who has an assignment moves, and no node changes its place: a partial that is
/// on its way stays right. Pure.
/// </summary>
public static class TreeReplanning
{
    /// <summary>Plans again.</summary>
    /// <param name="tree">The tree of now.</param>
    /// <param name="loads">The loads of its nodes, of each one.</param>
    /// <param name="queues">Queue estimates by node id; a node without one keeps its leaves.</param>
    /// <param name="next">The node where the next client without an assignment would go.</param>
    /// <param name="options">Settings.</param>
    /// <returns>Null when leaves stay and the next client finds room where it would go: a revision is not free, nodes say again what they hold.</returns>
    /// <exception cref="ArgumentException">The load of a node is missing.</exception>
    public static Replan? Again(
        TreePlan tree, IReadOnlyList<NodeLoad> loads, IReadOnlyDictionary<string, QueueEstimate> queues, string next, PlannerOptions options)
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(loads);
        ArgumentNullException.ThrowIfNull(queues);
        ArgumentNullException.ThrowIfNull(options);
        if (!tree.Nodes.Select(node => node.NodeId).Order(StringComparer.Ordinal).SequenceEqual(loads.Select(load => load.NodeId).Order(StringComparer.Ordinal)))
        {
            throw new ArgumentException("The loads are not those of the nodes of the tree.", nameof(loads));
        }

        bool isNextFull = loads.All(load => load.NodeId != next || load.ResidualCapacity < 1) && loads.Any(load => load.ResidualCapacity >= 1);
        TreePlan again = tree with
        {
            Revision = tree.Revision + 1,
            Nodes = [.. tree.Nodes.Select(node => node with
            {
                Leaves = queues.GetValueOrDefault(node.NodeId).Value is { } queue ? HierarchyPlanner.LeavesFor(queue, options) : node.Leaves,
            })],
        };
        if (!isNextFull && again.Nodes.AsSpan().SequenceEqual(tree.Nodes.AsSpan()))
        {
            return null;
        }

        int[] placed = BestFitPlacement.Place(loads, Math.Max(1, tree.Nodes.Sum(node => node.Clients)), out _);
        return new Replan(again, [.. loads.Zip(placed).Where(pair => pair.Second > 0).Select(pair => new NodeClients(pair.First.NodeId, pair.Second))]);
    }
}
