using CsCheck;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.UnitTests.Coordination.Hierarchy;

public sealed class TreeReplanningTests
{
    private static readonly PlannerOptions Options = new();

    private static readonly Gen<(NodeLoad Load, double? Queue, int Clients, int Leaves)[]> Nodes =
        Gen.Select(Gen.Double[0, 20], Gen.Double[0, 9], Gen.Double[0, 40], Gen.Bool, Gen.Int[0, 30], Gen.Int[1, 8]).Array[1, 7]
            .Select(nodes => nodes.Select((node, i) =>
                (new NodeLoad($"node-{i}", node.Item1, node.Item2, 1), node.Item4 ? node.Item3 : (double?)null, node.Item5, node.Item6)).ToArray());

    [Fact]
    public void Again_LongerQueue_GivesTheNodeMoreLeaves()
    {
        Replan? replan = Again(Tree((4, 1), (4, 1)), [Load("node-0", 10), Load("node-1", 10)], queues: [7.1, 1], next: "node-0");

        Assert.Equal([4, 1], replan!.Tree.Nodes.Select(node => node.Leaves));
        Assert.Equal(2, replan.Tree.Revision);
    }

    [Fact]
    public void Again_NothingHasChanged_IsNoRevision() =>
        Assert.Null(Again(Tree((4, 4), (4, 1)), [Load("node-0", 10), Load("node-1", 10)], queues: [7.1, 1], next: "node-0"));

    [Fact]
    public void Again_NextNodeIsFull_SendsLaterClientsToTheOther()
    {
        Replan? replan = Again(Tree((4, 1), (4, 1)), [Load("node-0", 0.9), Load("node-1", 20)], queues: [1, 1], next: "node-0");

        Assert.Equal([new NodeClients("node-1", 8)], replan!.Later);
    }

    [Fact]
    public void Again_EveryNodeIsFull_IsNoRevision() =>
        Assert.Null(Again(Tree((4, 1), (4, 1)), [Load("node-0", 0.9), Load("node-1", 0.2)], queues: [1, 1], next: "node-0"));

    [Fact]
    public void Again_LoadOfANodeMissing_Throws() =>
        Assert.Throws<ArgumentException>(() => Again(Tree((4, 1), (4, 1)), [Load("node-0", 5)], queues: [1], next: "node-0"));

    [Fact]
    public void Again_Any_KeepsNodesPlacesAndClients() =>
        Gen.Select(Nodes, Gen.Int[0, 6]).Sample((nodes, next) =>
        {
            TreePlan tree = Tree([.. nodes.Select(node => (node.Clients, node.Leaves))]);
            if (AgainFor(tree, nodes, next) is not { } replan)
            {
                return;
            }

            Assert.Null(replan.Tree.Fault());
            Assert.Equal(tree.Revision + 1, replan.Tree.Revision);
            Assert.Equal(tree.Nodes, replan.Tree.Nodes.Zip(tree.Nodes, (after, before) => after with { Leaves = before.Leaves }));
        });

    [Fact]
    public void Again_Any_LeavesAreTheQueueOverUpdatesPerLeaf() =>
        Gen.Select(Nodes, Gen.Int[0, 6]).Sample((nodes, next) =>
        {
            TreePlan tree = Tree([.. nodes.Select(node => (node.Clients, node.Leaves))]);
            IEnumerable<TreeNode> after = AgainFor(tree, nodes, next)?.Tree.Nodes ?? tree.Nodes;

            Assert.Equal(
                nodes.Select(node => node.Queue is { } queue ? Math.Clamp((int)Math.Ceiling(queue / Options.UpdatesPerLeaf), 1, Options.MaxLeavesPerNode) : node.Leaves),
                after.Select(node => node.Leaves));
        });

    [Fact]
    public void Again_Any_LaterClientsGoToNodesOfTheTreeAndToAFullOneOnlyWhenAllAre() =>
        Gen.Select(Nodes, Gen.Int[0, 6]).Sample((nodes, next) =>
        {
            TreePlan tree = Tree([.. nodes.Select(node => (node.Clients, node.Leaves))]);
            if (AgainFor(tree, nodes, next) is not { } replan)
            {
                return;
            }

            Assert.Equal(Math.Max(1, nodes.Sum(node => node.Clients)), replan.Later.Sum(share => share.Clients));
            double room = nodes.Sum(node => Math.Max(0, Math.Floor(node.Load.ResidualCapacity)));
            Assert.All(replan.Later, share =>
            {
                NodeLoad load = nodes.Single(node => node.Load.NodeId == share.NodeId).Load;
                Assert.True(share.Clients <= Math.Max(0, load.ResidualCapacity) || room < replan.Later.Sum(other => other.Clients), $"{share}, {load}");
            });
        });

    [Fact]
    public void Again_Twice_ChangesNothingMore() =>
        Nodes.Sample(nodes =>
        {
            TreePlan tree = Tree([.. nodes.Select(node => (node.Clients, node.Leaves))]);
            Replan? replan = AgainFor(tree, nodes, 0);

            Assert.True(replan is null || Again(
                replan.Tree, [.. nodes.Select(node => node.Load)], QueuesOf(nodes), replan.Later.MaxBy(share => ResidualOf(nodes, share.NodeId))!.NodeId) is null);
        });

    private static double ResidualOf((NodeLoad Load, double? Queue, int Clients, int Leaves)[] nodes, string nodeId) =>
        nodes.Single(node => node.Load.NodeId == nodeId).Load.ResidualCapacity;

    private static Replan? AgainFor(TreePlan tree, (NodeLoad Load, double? Queue, int Clients, int Leaves)[] nodes, int next) =>
        Again(tree, [.. nodes.Select(node => node.Load)], QueuesOf(nodes), nodes[next % nodes.Length].Load.NodeId);

    private static Dictionary<string, QueueEstimate> QueuesOf((NodeLoad Load, double? Queue, int Clients, int Leaves)[] nodes) =>
        nodes.ToDictionary(node => node.Load.NodeId, node => new QueueEstimate(node.Queue));

    private static Replan? Again(TreePlan tree, NodeLoad[] loads, double[] queues, string next) =>
        Again(tree, loads, loads.Zip(queues).ToDictionary(pair => pair.First.NodeId, pair => new QueueEstimate(pair.Second)), next);

    private static Replan? Again(TreePlan tree, NodeLoad[] loads, Dictionary<string, QueueEstimate> queues, string next) =>
        TreeReplanning.Again(tree, loads, queues, next, Options);

    private static NodeLoad Load(string node, double capacity) => new(node, capacity, 0, 0);

    private static TreePlan Tree(params (int Clients, int Leaves)[] nodes) => new(
        1,
        [.. nodes.Select((node, i) => new TreeNode(
            $"node-{i}", i == 0 ? TreeRole.Top : TreeRole.Middle, i == 0 ? null : "node-0", node.Clients, node.Leaves))]);
}
