using System.Text.Json;
using Federated.Coordination.Hierarchy;
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
    public void PlanBuffer_MoreNodesThanUpdates_HasEveryNodeAndPlacesByTheAssignment()
    {
        KnownNode[] nodes = [.. Tree.Nodes.Select(node => node.NodeId).Select(id => new KnownNode(
            new NodeJoined(id, "process", $"gateway-{id}", $"transfer-{id}", 8, 8, 1024), 0, 0, default, new NodeLoad(id, 8, 0, 0)))];

        TreePlan first = TreePlanner.PlanBuffer(nodes, 2, 1, new PlannerOptions());
        TreePlan next = TreePlanner.PlanBuffer(nodes, 2, 1, new PlannerOptions());

        Assert.Null(first.Fault());
        Assert.Equal(["a", "b", "c"], first.Nodes.Select(node => node.NodeId));
        Assert.Equal("transfer-c", first.Find("c")!.Transfer);
        string[] placed = [.. Enumerable.Range(0, 60).Select(i => RoundTree.Begin(first).NodeOf($"job-{i}").NodeId)];
        Assert.Equal(placed, Enumerable.Range(0, 60).Select(i => RoundTree.Begin(next).NodeOf($"job-{i}").NodeId));
        Assert.Equal(3, placed.Distinct().Count());
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
    public void NodeOf_PlannedAgain_MovesNobodyWhoIsAssigned()
    {
        RoundTree before = RoundTree.Begin(Tree);
        RoundTree once = before.Again(new Replan(Tree with { Revision = 2 }, [new NodeClients("c", 2), new NodeClients("a", 1)]), from: 7);
        RoundTree twice = once.Again(new Replan(Tree with { Revision = 3 }, [new NodeClients("b", 1)]), from: 9);

        Assert.Equal("aabbbca", string.Concat(Enumerable.Range(0, 7).Select(number => twice.NodeOf($"job-{number}", number).NodeId)));
        Assert.Equal("ccacca", string.Concat(Enumerable.Range(7, 6).Select(number => once.NodeOf($"job-{number}", number).NodeId)));
        Assert.Equal("ccbbb", string.Concat(Enumerable.Range(7, 5).Select(number => twice.NodeOf($"job-{number}", number).NodeId)));
    }

    [Fact]
    public void Json_PlannedAgain_ThereAndBack()
    {
        RoundTree tree = RoundTree.Begin(Tree).Again(new Replan(Tree with { Revision = 2 }, [new NodeClients("c", 2)]), from: 6);

        RoundTree read = JsonSerializer.Deserialize(JsonSerializer.Serialize(tree, RoundTreeJson.Default.RoundTree), RoundTreeJson.Default.RoundTree)!;

        Assert.Equal(tree.Present, read.Present);
        Assert.Equal("c", read.NodeOf("job-6", 6).NodeId);
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
