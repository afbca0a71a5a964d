using Federated.Protocol.Tier;

namespace Federated.Coordination.Hierarchy;

/// <summary>Puts what the planner decided into the form that the nodes get.</summary>
public static class TreePlans
{
    /// <summary>The tree of a plan with at least one client: every busy node hands over to the node of the top.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="revision">Revision of the tree, from 1.</param>
    /// <param name="updatesPerLeaf">I.</param>
    /// <param name="addressesOf">Gateway and transfer address of a node.</param>
    public static TreePlan Of(
        HierarchyPlan plan, int revision, int updatesPerLeaf, Func<string, (string Gateway, string Transfer)> addressesOf)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(addressesOf);
        return new TreePlan(revision, [.. plan.Nodes.Select(node => NodeOf(node, plan.TopNode!, addressesOf(node.NodeId)))], plan.Overflow, updatesPerLeaf);
    }

    private static TreeNode NodeOf(NodePlan node, string top, (string Gateway, string Transfer) addresses) => new(
        node.NodeId,
        node.IsTop ? TreeRole.Top : node.HasMiddle ? TreeRole.Middle : TreeRole.Leaf,
        node.IsTop ? null : top,
        node.Clients,
        node.Leaves,
        addresses.Gateway,
        addresses.Transfer);
}
