using Federated.Protocol.Tier;

namespace Federated.Aggregator.Rounds;

/// <summary>What the plan of a round's tree says to one node about its own functions.</summary>
/// <param name="Leaves">The most leaves at the same time.</param>
/// <param name="UpdatesPerLeaf">I: waiting updates for which one leaf is enough.</param>
/// <param name="IsAlone">Whether the tree has no other node.</param>
internal readonly record struct NodeShare(int Leaves, int UpdatesPerLeaf, bool IsAlone)
{
    /// <exception cref="InvalidOperationException">The tree does not have the node.</exception>
    public static NodeShare Of(TreePlan tree, string nodeId) => tree.Find(nodeId) is { } node
        ? new NodeShare(node.Leaves, tree.UpdatesPerLeaf, tree.Nodes.Length == 1)
        : throw new InvalidOperationException($"The tree of the round does not have node {nodeId}.");
}
