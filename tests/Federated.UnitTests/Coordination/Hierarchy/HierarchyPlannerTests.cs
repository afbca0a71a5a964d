using CsCheck;
using Federated.Coordination.Hierarchy;

namespace Federated.UnitTests.Coordination.Hierarchy;

public sealed class HierarchyPlannerTests
{
    private static readonly PlannerOptions Options = new();
    private static readonly Dictionary<string, QueueEstimate> NoQueues = [];

    private static readonly Gen<NodeLoad[]> Nodes =
        Gen.Select(Gen.Double[0, 20], Gen.Double[0, 4], Gen.Double[0, 3]).Array[1, 8]
            .Select(loads => loads.Select((load, i) => new NodeLoad($"node-{i}", load.Item1, load.Item2, load.Item3)).ToArray());

    [Fact]
    public void ResidualCapacity_IsCapacityMinusUpdatesInService() =>
        Assert.Equal(4, new NodeLoad("a", Capacity: 10, ArrivalRate: 3, SecondsPerUpdate: 2).ResidualCapacity);

    [Fact]
    public void Plan_ClientsThatFitOneNode_UseTheFullestThatFits()
    {
        NodeLoad[] nodes = [new("big", 20, 0, 1), new("small", 6, 0, 1), new("full", 4, 4, 1)];

        HierarchyPlan plan = HierarchyPlanner.Plan(nodes, NoQueues, 5, Options);

        Assert.Equal([new NodePlan("small", 5, 3, HasMiddle: true, IsTop: true)], plan.Nodes);
        Assert.Equal(0, plan.Overflow);
    }

    [Fact]
    public void Plan_Leaves_AreTheQueueEstimateOverUpdatesPerLeaf()
    {
        var queues = new Dictionary<string, QueueEstimate> { ["a"] = new(7.1) };

        HierarchyPlan plan = HierarchyPlanner.Plan([new("a", 100, 0, 1)], queues, 50, Options);

        Assert.Equal(4, plan.Nodes.Single().Leaves);
    }

    [Fact]
    public void Plan_Any_PlacesEachClientOnce_WithOneTop() =>
        Gen.Select(Nodes, Gen.Int[1, 200]).Sample((nodes, clients) =>
        {
            HierarchyPlan plan = HierarchyPlanner.Plan(nodes, NoQueues, clients, Options);

            Assert.Equal(clients, plan.Nodes.Sum(node => node.Clients));
            Assert.Single(plan.Nodes, node => node.IsTop);
            Assert.All(plan.Nodes, node => Assert.True(node is { Clients: > 0, Leaves: >= 1 }));
        });

    [Fact]
    public void Plan_Any_ExceedsResidualCapacityByTheOverflowOnly() =>
        Gen.Select(Nodes, Gen.Int[1, 200]).Sample((nodes, clients) =>
        {
            HierarchyPlan plan = HierarchyPlanner.Plan(nodes, NoQueues, clients, Options);
            int room = nodes.Sum(node => (int)Math.Max(0, Math.Floor(node.ResidualCapacity)));

            Assert.Equal(Math.Max(0, clients - room), plan.Overflow);
        });

    [Fact]
    public void Place_WithoutOverflow_OpensNoNodeWhileAFullerOneHasRoom() =>
        Gen.Select(Nodes, Gen.Int[1, 60]).Sample((nodes, clients) =>
        {
            int[] placed = BestFitPlacement.Place(nodes, clients, out int overflow);
            if (overflow > 0)
            {
                return;
            }

            for (int used = 0; used < nodes.Length; used++)
            {
                for (int other = 0; other < nodes.Length; other++)
                {
                    bool isFuller = nodes[other].ResidualCapacity < nodes[used].ResidualCapacity;
                    bool hasRoom = nodes[other].ResidualCapacity - placed[other] >= 1;
                    Assert.False(placed[used] > 0 && isFuller && hasRoom);
                }
            }
        });

    [Fact]
    public void Plan_NodesInAnotherOrder_IsTheSame() =>
        Gen.Select(Nodes, Gen.Int[0, 100]).Sample((nodes, clients) =>
        {
            HierarchyPlan plan = HierarchyPlanner.Plan(nodes, NoQueues, clients, Options);
            HierarchyPlan reversed = HierarchyPlanner.Plan([.. nodes.Reverse()], NoQueues, clients, Options);

            Assert.Equal(plan.Nodes, reversed.Nodes);
            Assert.Equal(plan.Overflow, reversed.Overflow);
        });

    [Fact]
    public void Plan_WithoutALostNode_MovesItsClientsToOthers()
    {
        NodeLoad[] nodes = [new("a", 10, 0, 1), new("b", 10, 0, 1)];

        HierarchyPlan before = HierarchyPlanner.Plan(nodes, NoQueues, 8, Options);
        HierarchyPlan after = HierarchyPlanner.Plan([.. nodes.Where(node => node.NodeId != before.TopNode)], NoQueues, 8, Options);

        Assert.Equal("a", before.TopNode);
        Assert.Equal("b", after.TopNode);
        Assert.Equal(8, after.Nodes.Single().Clients);
    }

    [Fact]
    public void Plan_NoNodes_IsRefused() =>
        Assert.Throws<ArgumentException>(() => HierarchyPlanner.Plan([], NoQueues, 1, Options));

    [Fact]
    public void QueueEstimate_Samples_AreSmoothed()
    {
        QueueEstimate estimate = new QueueEstimate().With(10, 0.7).With(20, 0.7);

        Assert.Equal(17, estimate.Value!.Value, 1e-12);
    }
}
