using System.Threading.Channels;
using Federated.Aggregator.Hosting.Dapr;
using Federated.DaprSidecar;
using Federated.DaprSidecar.Faults;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.FunctionalTests.Dapr;

/// <summary>Two apps of the tier over a sidecar each: events find their subscribers once, whatever the sidecar does to them.</summary>
public sealed class DaprEventBusTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly RoundKey Round = new("default", "job", 3, TaskKind.Train);

    private readonly SidecarApp _server = new("coordinator", null, TestPorts.Next(), TestPorts.Next());
    private readonly SidecarApp _node = new("node-1", null, TestPorts.Next(), TestPorts.Next());
    private BusApp _serverApp = null!;
    private BusApp _nodeApp = null!;
    private DevelopmentSidecar? _sidecar;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _serverApp = await BusApp.StartAsync(_server, TierTopics.OfCoordinator);
        _nodeApp = await BusApp.StartAsync(_node, TierTopics.OfNodes);
    }

    public async ValueTask DisposeAsync()
    {
        await StopSidecarAsync();
        await _serverApp.DisposeAsync();
        await _nodeApp.DisposeAsync();
    }

    [Fact]
    public async Task Publish_OfATierEvent_ReachesTheOtherApp()
    {
        await StartSidecarAsync(FaultSettings.None);
        Channel<RoundClosing> heard = Listen<RoundClosing>(_nodeApp);
        var closing = new RoundClosing(Round, 4, 1, "The report goal is reached.");

        await _serverApp.Bus.PublishAsync(closing, Cancellation);

        Assert.Equal(closing, await NextAsync(heard));
    }

    [Fact]
    public async Task Publish_OfAClaimCheck_StaysInTheProcess()
    {
        var update = new UpdateCommitted(Round, "a", "d", "n", "00", 4, 5, 1, 1, double.NaN, 0, 0);
        var heard = Channel.CreateUnbounded<UpdateCommitted>();
        await using IAsyncDisposable subscription = _nodeApp.Bus.Subscribe<UpdateCommitted>(
            (message, _) => heard.Writer.WriteAsync(message, Cancellation), 1);

        // No sidecar runs.
        await _nodeApp.Bus.PublishAsync(update, Cancellation);

        Assert.Same(update, await heard.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Delivery_DuplicatedDelayedAndReordered_IsHandledOnce()
    {
        const int Events = 40;
        await StartSidecarAsync(new FaultSettings { Duplicate = 1, Reorder = 0.5, Delay = TimeSpan.FromMilliseconds(20) });
        Channel<NodeAlive> heard = Listen<NodeAlive>(_serverApp);

        for (int i = 1; i <= Events; i++)
        {
            await _nodeApp.Bus.PublishAsync(new NodeAlive("node-1", "x", i, 0, 0, 0, 1, 1), Cancellation);
        }

        await _sidecar!.Faults.WaitForAsync(Events, Cancellation);
        var sequences = new List<long>();
        while (sequences.Count < Events)
        {
            sequences.Add((await NextAsync(heard)).Sequence);
        }

        Assert.Equal(Enumerable.Range(1, Events).Select(i => (long)i), sequences.Order());
        Assert.False(heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Delivery_WhoseHandlerFails_ComesAgain()
    {
        await StartSidecarAsync(FaultSettings.None);
        var heard = Channel.CreateUnbounded<RoundEnded>();
        int calls = 0;
        await using IAsyncDisposable subscription = _nodeApp.Bus.Subscribe<RoundEnded>(
            (message, _) => Interlocked.Increment(ref calls) < 3 ? throw new InvalidOperationException("Not yet.") : heard.Writer.WriteAsync(message, Cancellation), 1);

        await _serverApp.Bus.PublishAsync(new RoundEnded(Round, 4, true, "done"), Cancellation);

        Assert.Equal("done", (await NextAsync(heard)).Reason);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Publish_WithoutASidecar_WaitsForIt()
    {
        Channel<RoundClosing> heard = Listen<RoundClosing>(_nodeApp);

        Task publishing = _serverApp.Bus.PublishAsync(new RoundClosing(Round, 1, 1, "late"), Cancellation).AsTask();
        Assert.False(publishing.IsCompleted);
        await StartSidecarAsync(FaultSettings.None);
        await publishing.WaitAsync(Patience, Cancellation);

        // The in-memory broker may have taken the event before the node's subscription stood.
        await _serverApp.Bus.PublishAsync(new RoundClosing(Round, 1, 2, "late"), Cancellation);
        Assert.Equal("late", (await NextAsync(heard)).Reason);
    }

    [Fact]
    public async Task Registry_OfManyNodesAtOnce_HoldsThemAll()
    {
        await StartSidecarAsync(FaultSettings.None);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? _nodeApp : _serverApp).Registry.JoinAsync(Node($"node-{i}", "first"), Cancellation)));
        await _nodeApp.Registry.JoinAsync(Node("node-3", "second"), Cancellation);
        await _nodeApp.Registry.LeaveAsync("node-3", "first", Cancellation);
        await _nodeApp.Registry.LeaveAsync("node-5", "first", Cancellation);

        var nodes = await _serverApp.Registry.ListAsync(Cancellation);
        Assert.Equal(["node-0", "node-1", "node-2", "node-3", "node-4", "node-6", "node-7"], nodes.Select(node => node.NodeId));
        Assert.Equal("second", nodes[3].Incarnation);
    }

    private static NodeJoined Node(string id, string incarnation) => new(id, incarnation, "http://gateway", "http://transfer", 8, 8, 1024);

    private static Channel<T> Listen<T>(BusApp app)
        where T : class
    {
        var heard = Channel.CreateUnbounded<T>();
        app.Bus.Subscribe<T>((message, _) => heard.Writer.WriteAsync(message, Cancellation), 4);
        return heard;
    }

    private static Task<T> NextAsync<T>(Channel<T> heard) => heard.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);

    private async Task StartSidecarAsync(FaultSettings faults)
    {
        _sidecar = await DevelopmentSidecar.StartAsync(
            new SidecarOptions { Apps = [_server with { Address = _serverApp.Address }, _node with { Address = _nodeApp.Address }], Faults = faults },
            Cancellation);
        await _sidecar.WaitUntilReadyAsync(Cancellation);
    }

    private async Task StopSidecarAsync()
    {
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
            _sidecar = null;
        }
    }
}
