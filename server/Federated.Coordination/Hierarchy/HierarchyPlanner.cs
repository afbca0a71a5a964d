using System.Collections.Immutable;

namespace Federated.Coordination.Hierarchy;

/// <summary>
/// Makes the tree of a round from the loads of the nodes: pure, so that equal inputs give equal plans whatever their order.
/// Called when a round opens, on a period, and when a node is lost (without that node).
/// </summary>
public static class HierarchyPlanner
{
    /// <summary>Plans a round.</summary>
    /// <param name="nodes">The nodes that are alive.</param>
    /// <param name="queues">Queue estimates by node id; a missing one stands for the clients placed on the node.</param>
    /// <param name="clients">Clients of the round.</param>
    /// <param name="options">Settings.</param>
    public static HierarchyPlan Plan(
        IReadOnlyList<NodeLoad> nodes, IReadOnlyDictionary<string, QueueEstimate> queues, int clients, PlannerOptions options)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(queues);
        ArgumentNullException.ThrowIfNull(options);
        int[] placed = BestFitPlacement.Place(nodes, clients, out int overflow);

        // The top runs where most updates already are: the fewest bytes then move between nodes.
        int top = Enumerable.Range(0, nodes.Count).Where(index => placed[index] > 0)
            .OrderByDescending(index => placed[index]).ThenBy(index => nodes[index].NodeId, StringComparer.Ordinal)
            .FirstOrDefault(-1);

        ImmutableArray<NodePlan> plans =
        [
            .. Enumerable.Range(0, nodes.Count).Where(index => placed[index] > 0)
                .Select(index => PlanNode(nodes[index], placed[index], index == top))
                .OrderBy(plan => plan.NodeId, StringComparer.Ordinal),
        ];
        return new HierarchyPlan(plans, overflow);

        NodePlan PlanNode(NodeLoad node, int count, bool isTop)
        {
            double queue = queues.GetValueOrDefault(node.NodeId).Value ?? count;
            int leaves = LeavesFor(queue, options);
            return new NodePlan(node.NodeId, count, leaves, HasMiddle: leaves > 1 || !isTop, isTop);
        }
    }

    /// <summary>The leaves of a node with a queue: ⌈Q / I⌉, at least 1.</summary>
    internal static int LeavesFor(double queue, PlannerOptions options) =>
        (int)Math.Clamp(Math.Ceiling(queue / options.UpdatesPerLeaf), 1, options.MaxLeavesPerNode);
}
