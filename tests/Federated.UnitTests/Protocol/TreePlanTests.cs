using Federated.Protocol.Tier;

namespace Federated.UnitTests.Protocol;

public sealed class TreePlanTests
{
    [Fact]
    public void Hash_OtherRevisionOrParent_Differs()
    {
        TreePlan plan = new(1, [Node("a", null), Node("b", "a"), Node("c", "a")]);

        Assert.Equal(plan.Hash, (plan with { Nodes = [Node("a", null), Node("b", "a"), Node("c", "a")] }).Hash);
        Assert.NotEqual(plan.Hash, (plan with { Revision = 2 }).Hash);
        Assert.NotEqual(plan.Hash, (plan with { Nodes = [Node("a", null), Node("b", "a"), Node("c", "b")] }).Hash);
    }

    [Fact]
    public void ChildrenOf_Tree_AreThoseThatNameTheParent()
    {
        TreePlan plan = new(1, [Node("a", null), Node("b", "a"), Node("c", "b")]);

        Assert.Null(plan.Fault());
        Assert.Equal("a", plan.Top.NodeId);
        Assert.Equal(["c"], plan.ChildrenOf("b").Select(node => node.NodeId));
        Assert.Empty(plan.ChildrenOf("c"));
    }

    [Fact]
    public void Fault_NoTree_SaysWhy()
    {
        Assert.Contains("at least one node", new TreePlan(1, []).Fault(), StringComparison.Ordinal);
        Assert.Contains("twice", new TreePlan(1, [Node("a", null), Node("a", "a")]).Fault(), StringComparison.Ordinal);
        Assert.Contains("one top; this one has 2", new TreePlan(1, [Node("a", null), Node("b", null)]).Fault(), StringComparison.Ordinal);
        Assert.Contains("parent z", new TreePlan(1, [Node("a", null), Node("b", "z")]).Fault(), StringComparison.Ordinal);
        Assert.Contains("does not lead to the top", new TreePlan(1, [Node("a", null), Node("b", "c"), Node("c", "b")]).Fault(), StringComparison.Ordinal);
        Assert.Contains("0 leaves", new TreePlan(1, [new TreeNode("a", TreeRole.Top, null, 0, 0)]).Fault(), StringComparison.Ordinal);
    }

    private static TreeNode Node(string id, string? parent) => new(id, parent is null ? TreeRole.Top : TreeRole.Middle, parent, 1, 1);
}
