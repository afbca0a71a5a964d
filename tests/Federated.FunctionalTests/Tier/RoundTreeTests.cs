using Federated.Protocol.Tier;
using Federated.Server.Tier;

namespace Federated.FunctionalTests.Tier;

/// <summary>Where the updates of a round go, before and after nodes are lost.</summary>
public sealed class RoundTreeTests
{
    private static readonly TreePlan Tree = new(
        1,
        [
            new TreeNode("a", TreeRole.Leaf, "b", 2, 1),
            new TreeNode("b", TreeRole.Top, null, 3, 1),
            new TreeNode("c", TreeRole.Middle, "b", 1, 1),
        ]);

    [Fact]
    public void NodeOf_TheFirstTree_GivesEachNodeAsManyAsWerePlanned()
    {
        var tree = RoundTree.Begin(Tree);

        Assert.Equal("aabbbcaa", string.Concat(Enumerable.Range(0, 8).Select(number => tree.NodeOf($"job-{number}", number).NodeId)));
    }

    [Fact]
    public void NodeOf_AfterLosses_MovesOnlyWhatWasLost()
    {
        RoundTree before = RoundTree.Begin(Tree);
        RoundTree after = Lose(before, "b");
        RoundTree last = Lose(after, "a");

        for (int number = 0; number < 60; number++)
        {
            string id = $"job-{number}";
            string first = before.NodeOf(id, number).NodeId;
            string second = after.NodeOf(id, number).NodeId;

            Assert.True(first == "b" ? second is "a" or "c" : second == first, $"{id}: {first}, then {second}");
            Assert.Equal("c", last.NodeOf(id, number).NodeId);
        }
    }

    [Fact]
    public void Without_TheTop_GivesTheBusiestOtherNodeItsPlace()
    {
        TreePlan tree = Lose(RoundTree.Begin(Tree), "b").Present;

        Assert.Equal(2, tree.Revision);
        Assert.Equal("a", tree.Top.NodeId);
        Assert.Equal(["a"], tree.Nodes.Where(node => node.Parent is not null).Select(node => node.Parent));
        Assert.Null(tree.Fault());
    }

    private static RoundTree Lose(RoundTree tree, string node)
    {
        string[] lost = [.. tree.Lost, node];
        return tree with { Present = TreePlanner.Without(tree.Present, lost, _ => null), Lost = [.. lost] };
    }
}
