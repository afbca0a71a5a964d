using System.Text.Json.Nodes;
using Federated.Aggregator.Hosting.State;
using Federated.Coordination.Hierarchy;
using Federated.DaprSidecar.Faults;
using Federated.Protocol.Tier;
using Federated.Server.Tier;
using Microsoft.Extensions.Options;

namespace Federated.FunctionalTests.Tier;

/// <summary>Nodes that nobody hears when they join, and whose signs of life come too late to tell of them.</summary>
public sealed class LostAnnouncementTests
{
    private const string NeverIdle = "--Tier:IdleAliveInterval=01:00:00";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];
    private static readonly FaultSettings Deaf = new() { Drop = 1 };

    private readonly NodeRegistry _registry = new(new InProcessTierState());
    private readonly NodeDirectory _nodes;

    public LostAnnouncementTests() => _nodes = new NodeDirectory(_registry, Options.Create(new PlannerOptions()), TimeProvider.System);

    [Fact]
    public Task Nodes_JoinUnheard_AreSoonKnown() =>
        TierWorld.WithAsync(new TierSetup { Faults = Deaf, NodeSettings = [NeverIdle], NodeLossAfter = TimeSpan.FromSeconds(2) }, _ => Task.CompletedTask);

    // The period on which the registry is read does not come in this test: the round that is planned looks there itself.
    [Fact]
    public Task Nodes_JoinUnheard_AreInTheNextTree()
    {
        var setup = new TierSetup { Faults = Deaf, NodeSettings = [NeverIdle], NodeLossAfter = TimeSpan.FromHours(1), AwaitsNodes = false };
        return TierWorld.WithAsync(setup, async world =>
        {
            world.Sidecar!.Faults.Settings = FaultSettings.None;
            Task running = await world.RunAsync(new TierJob(2, Shifts) { HoldInRound = 1 });
            JsonObject tree = await world.UntilOneIsMissingAsync(1, running).WaitAsync(Patience, TierWorld.Cancellation);
            world.Release();
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal(3, tree["nodes"]!.AsArray().Count);
            Assert.Equal([6, 6], await world.CheckAsync());
        });
    }

    [Fact]
    public async Task Load_ProcessThatTookOverUnheard_IsKnown()
    {
        await ListAsync("first");
        await _nodes.LoadAsync(TierWorld.Cancellation);
        await ListAsync("second");

        await _nodes.LoadAsync(TierWorld.Cancellation);

        Assert.Equal("second", _nodes.Find("a")!.Info.Incarnation);
    }

    [Fact]
    public async Task Load_NodeThatHasLeftAndIsStillListed_StaysAway()
    {
        _nodes.Joined(Node("first"));
        await ListAsync("first");
        _nodes.Left(new NodeLeft("a", "first", "The node's process ends."));

        await _nodes.LoadAsync(TierWorld.Cancellation);

        Assert.Null(_nodes.Find("a"));
    }

    [Fact]
    public async Task Load_EntryOfAnEarlierProcess_DoesNotReplaceWhoWasHeardSince()
    {
        await ListAsync("first");
        await _nodes.LoadAsync(TierWorld.Cancellation);
        _nodes.Joined(Node("second"));

        await _nodes.LoadAsync(TierWorld.Cancellation);

        Assert.Equal("second", _nodes.Find("a")!.Info.Incarnation);
    }

    // Events come in any order: that of the earlier process comes when the registry has told of the later one.
    [Fact]
    public async Task Alive_AnnouncementOfAnEarlierProcessCameLate_BringsTheLivingOneBack()
    {
        await ListAsync("second");
        await _nodes.LoadAsync(TierWorld.Cancellation);
        _nodes.Joined(Node("first"));

        await _nodes.AliveAsync(new NodeAlive("a", "second", 1, 0, 0, 0, 8, 1), TierWorld.Cancellation);

        Assert.Equal("second", _nodes.Find("a")!.Info.Incarnation);
    }

    private Task ListAsync(string incarnation) => _registry.JoinAsync(Node(incarnation), TierWorld.Cancellation);

    private static NodeJoined Node(string incarnation) => new("a", incarnation, "", "", 8, 8, 1024);
}
