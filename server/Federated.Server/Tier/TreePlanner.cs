using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>Makes the tree of a round from the nodes that are there: who takes how many devices, and where the top runs.</summary>
internal static class TreePlanner
{
    /// <summary>Plans a round that begins.</summary>
    public static TreePlan Plan(IReadOnlyList<KnownNode> nodes, int clients, int revision, PlannerOptions options)
    {
        HierarchyPlan plan = HierarchyPlanner.Plan(
            [.. nodes.Select(node => node.Load)],
            nodes.Where(node => node.Queue.Value is not null).ToDictionary(node => node.Info.NodeId, node => node.Queue, StringComparer.Ordinal),
            clients,
            options);
        Dictionary<string, NodeJoined> infos = nodes.ToDictionary(node => node.Info.NodeId, node => node.Info, StringComparer.Ordinal);
        return TreePlans.Of(plan, revision, options.UpdatesPerLeaf, id => (infos[id].Gateway, infos[id].Transfer));
    }

    /// <summary>
    /// Plans a buffer of an asynchronous job: every node that is there takes part, because tickets of earlier buffers name it. Planned with the nodes of the plan on top.
    /// </summary>
    public static TreePlan PlanBuffer(IReadOnlyList<KnownNode> nodes, int updates, int revision, PlannerOptions options)
    {
        TreePlan tree = Plan(nodes, updates, revision, options);
        string top = tree.Top.NodeId;
        return tree with
        {
            Nodes =
            [
                .. nodes.Select(node => tree.Find(node.Info.NodeId) ?? new TreeNode(node.Info.NodeId, TreeRole.Leaf, top, 0, 1, node.Info.Gateway, node.Info.Transfer))
                    .OrderBy(node => node.NodeId, StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>The tree without the nodes that were lost. Nobody moves who is not lost; the busiest remaining node has the top.</summary>
    public static TreePlan Without(TreePlan tree, IReadOnlyCollection<string> lost, Func<string, NodeJoined?> infoOf)
    {
        TreeNode[] remaining = [.. tree.Nodes.Where(node => !lost.Contains(node.NodeId))];
        TreeNode top = remaining.FirstOrDefault(node => node.Parent is null)
            ?? remaining.OrderByDescending(node => node.Clients).ThenBy(node => node.NodeId, StringComparer.Ordinal).First();
        return tree with
        {
            Revision = tree.Revision + 1,
            Nodes = [.. remaining.Select(node => node with
            {
                Role = node == top ? TreeRole.Top : node.Role,
                Parent = node == top ? null : top.NodeId,
                Gateway = infoOf(node.NodeId)?.Gateway ?? node.Gateway,
                Transfer = infoOf(node.NodeId)?.Transfer ?? node.Transfer,
            })],
        };
    }
}
