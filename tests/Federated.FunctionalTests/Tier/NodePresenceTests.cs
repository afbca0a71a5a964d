using Federated.Aggregator.Hosting.State;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;
using Federated.Server.Tier;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Tier;

/// <summary>Which nodes a tree is planned with, by the time since they were heard of.</summary>
public sealed class NodePresenceTests
{
    private static readonly TimeSpan LossAfter = TimeSpan.FromSeconds(2);

    // Seconds between the signs of life of an idle node; seconds after which it is in plans, and is not any more.
    [Theory]
    [InlineData(0, 8, 9)]
    [InlineData(5, 8, 9)]
    [InlineData(60, 62, 63)]
    [InlineData(1e9, 3602, 3603)]
    [InlineData(-1e9, 8, 9)]
    public void ForTrees_IdleNode_StaysForAsLongAsItMayBeSilent(double idle, int present, int gone)
    {
        var time = new FakeTimeProvider();
        var nodes = new NodeDirectory(new NodeRegistry(new InProcessTierState()), Options.Create(new PlannerOptions()), time);
        nodes.Joined(new NodeJoined("a", "process", "", "", 8, 8, 1024) { IdleInterval = TimeSpan.FromSeconds(idle) });

        time.Advance(TimeSpan.FromSeconds(present));
        Assert.Single(nodes.ForTrees(LossAfter));

        time.Advance(TimeSpan.FromSeconds(gone - present));
        Assert.Empty(nodes.ForTrees(LossAfter));
    }
}
