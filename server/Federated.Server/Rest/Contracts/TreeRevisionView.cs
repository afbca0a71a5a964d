using Federated.Protocol.Tier;

namespace Federated.Server.Rest.Contracts;

/// <summary>One tree.</summary>
internal sealed record TreeRevisionView(
    int Revision, DateTimeOffset RecordedAt, string Hash, int Overflow, int UpdatesPerLeaf, IReadOnlyList<TreeNodeView> Nodes)
{
    public static TreeRevisionView Of(TreePlan plan, DateTimeOffset recordedAt)
    {
        return new TreeRevisionView(
            plan.Revision, recordedAt, plan.Hash, plan.Overflow, plan.UpdatesPerLeaf,
            [.. plan.Nodes.Select(node => new TreeNodeView(node.NodeId, node.Role, node.Parent, node.Clients, node.Leaves, node.Gateway))]);
    }
}
