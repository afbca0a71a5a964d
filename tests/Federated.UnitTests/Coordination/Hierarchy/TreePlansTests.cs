using CsCheck;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.UnitTests.Coordination.Hierarchy;

public sealed class TreePlansTests
{
    [Fact]
    public void Of_AnyPlan_IsATreeThatKeepsEveryClient() =>
        Gen.Select(Gen.Double[0, 20].Array[1, 8], Gen.Int[1, 200]).Sample((capacities, clients) =>
        {
            HierarchyPlan plan = HierarchyPlanner.Plan(
                [.. capacities.Select((capacity, i) => new NodeLoad($"node-{i}", capacity, 0, 0))],
                new Dictionary<string, QueueEstimate>(), clients, new PlannerOptions());

            TreePlan tree = TreePlans.Of(plan, 3, 2, node => ($"gateway of {node}", $"transfer of {node}"));

            Assert.Null(tree.Fault());
            Assert.Equal(clients, tree.Nodes.Sum(node => node.Clients));
            Assert.Equal(plan.TopNode, tree.Top.NodeId);
            Assert.Equal(TreeRole.Top, tree.Top.Role);
            Assert.Equal($"transfer of {plan.TopNode}", tree.Top.Transfer);
            Assert.All(tree.Nodes.Where(node => node.Parent is not null), node => Assert.Equal(plan.TopNode, node.Parent));
        });
}
