using Federated.Protocol.Tier;

namespace Federated.Aggregator.Rounds;

/// <summary>What the plan of a round's tree says to one node about its own functions.</summary>
/// <param name="Leaves">The most leaves at the same time.</param>
/// <param name="UpdatesPerLeaf">I: waiting updates for which one leaf is enough.</param>
internal readonly record struct NodeShare(int Leaves, int UpdatesPerLeaf)
{
    /// <exception cref="InvalidOperationException">The tree does not have the node.</exception>
    public static NodeShare Of(TreePlan tree, string nodeId) => tree.Find(nodeId) is { } node
        ? new NodeShare(node.Leaves, tree.UpdatesPerLeaf)
        : throw new InvalidOperationException($"The tree of the round does not have node {nodeId}.");
}
