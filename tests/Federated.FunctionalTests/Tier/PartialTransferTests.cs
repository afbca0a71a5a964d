using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tickets;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.FunctionalTests.Tier;

public sealed class PartialTransferTests : IAsyncDisposable
{
    // Some messages long, and no whole number of them.
    private const int Elements = 300_007;

    private static readonly byte[] SchemaHash = SHA256.HashData("schema"u8);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly InProcessEventBus _bus = new(NullLogger<InProcessEventBus>.Instance);
    private readonly List<TierHost> _hosts = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static RoundPlan Plan { get; } = new(
        new RoundKey("default", "job", 1, TaskKind.Train), 1, Convert.ToHexStringLower(SchemaHash),
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Elements, SectionDenominator.Weight)], "mean", Elements * 4, 10);

    public async ValueTask DisposeAsync()
    {
        foreach (TierHost host in _hosts)
        {
            await host.DisposeAsync();
        }

        _key.Dispose();
    }

    [Fact]
    public async Task Round_ThreeNodesBehindGrpc_IsTheMeanAndCanBeFetched()
    {
        TierHost top = await StartAsync("n0"), middle = await StartAsync("n1"), leaf = await StartAsync("n2");
        TreePlan tree = new(1,
        [
            new TreeNode("n0", TreeRole.Top, null, 1, 1, Transfer: top.Address),
            new TreeNode("n1", TreeRole.Middle, "n0", 1, 1, Transfer: middle.Address),
            new TreeNode("n2", TreeRole.Middle, "n1", 1, 1, Transfer: leaf.Address),
        ]);
        using var opened = new Awaited<RoundReady>(_bus, 3);
        using var done = new Awaited<AggregateReady>(_bus, 1);
        await _bus.PublishAsync(new RoundOpened(Plan, tree), Cancellation);
        await opened.Task;
        await UploadAsync(top, "a", 1, weight: 1);
        await UploadAsync(leaf, "b", 5, weight: 3);

        ReopenedRound recovery = await top.Client.FetchRecoveryAsync(leaf.Address, Plan, 1, Cancellation);
        await _bus.PublishAsync(new RoundClosing(Plan.Key, 1, 1, "goal"), Cancellation);
        await done.Task;
        ClosedRound closed = await middle.Client.FetchAggregateAsync(top.Address, Plan, 1, Cancellation);

        Assert.Equal("b", Assert.Single(recovery.Recovered).AssignmentId);
        Assert.Equal(["a", "b"], closed.Included.Select(update => update.AssignmentId).Order());
        Assert.Equal(4, closed.Sections[0].Divisor);
        Assert.All(closed.Sections[0].Single, value => Assert.Equal(4f, value));
    }

    [Fact]
    public async Task Fetch_WithoutTheKeyOrTheRound_IsRefused()
    {
        TierHost host = await StartAsync("n0");
        TierHost stranger = await StartAsync("n1", "another key, not the one");

        RpcException notOpen = await Assert.ThrowsAsync<RpcException>(() => host.Client.FetchAggregateAsync(host.Address, Plan, 1, Cancellation));
        RpcException notOurs = await Assert.ThrowsAsync<RpcException>(() => stranger.Client.FetchAggregateAsync(host.Address, Plan, 1, Cancellation));

        Assert.Equal(StatusCode.NotFound, notOpen.StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, notOurs.StatusCode);
    }

    [Fact]
    public async Task Send_ParentNotThereYet_IsRepeatedUntilItIs()
    {
        TierHost child = await StartAsync("n1");
        var parent = await StartAsync("n0");
        TreePlan tree = new(1,
        [
            new TreeNode("n0", TreeRole.Top, null, 1, 1, Transfer: parent.Address),
            new TreeNode("n1", TreeRole.Middle, "n0", 1, 1, Transfer: child.Address),
        ]);
        await parent.DisposeAsync();
        _hosts.Remove(parent);
        using var opened = new Awaited<RoundReady>(_bus, 1);
        await _bus.PublishAsync(new RoundOpened(Plan, tree), Cancellation);
        await opened.Task;
        await UploadAsync(child, "a", 2, weight: 1);
        await _bus.PublishAsync(new RoundClosing(Plan.Key, 1, 1, "goal"), Cancellation);

        // The node comes back elsewhere: the coordinator tells in a tree of the next revision.
        TierHost again = await StartAsync("n0");
        TreePlan next = new(2, [tree.Nodes[0] with { Transfer = again.Address }, tree.Nodes[1]]);
        using var reopened = new Awaited<RoundReady>(_bus, 2);
        using var done = new Awaited<AggregateReady>(_bus, 1);
        await _bus.PublishAsync(new RoundOpened(Plan, next), Cancellation);
        await reopened.Task;
        await _bus.PublishAsync(new RoundClosing(Plan.Key, 1, 2, "goal"), Cancellation);
        await done.Task;
        ClosedRound closed = await child.Client.FetchAggregateAsync(again.Address, Plan, 2, Cancellation);

        Assert.Equal("a", Assert.Single(closed.Included).AssignmentId);
        Assert.All(closed.Sections[0].Single, value => Assert.Equal(2f, value));
    }

    [Fact]
    public void Verify_OtherMethodTimeOrSecret_IsFalse()
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddYears(56);
        var key = new TierKey(TierHost.Key);
        string signature = key.Sign("SendPartial", now);

        Assert.True(key.Verify(signature, "SendPartial", now.AddMinutes(4)));
        Assert.False(key.Verify(signature, "FetchAggregate", now));
        Assert.False(key.Verify(signature, "SendPartial", now.AddMinutes(6)));
        Assert.False(new TierKey("another secret").Verify(signature, "SendPartial", now));
        Assert.False(key.Verify(null, "SendPartial", now));
        Assert.False(key.Verify("1.2.3", "SendPartial", now));
    }

    private async Task<TierHost> StartAsync(string nodeId, string secret = TierHost.Key)
    {
        TierHost host = await TierHost.StartAsync(nodeId, _key, _bus, Cancellation, secret);
        _hosts.Add(host);
        return host;
    }

    private async Task UploadAsync(TierHost host, string assignment, float value, double weight)
    {
        var values = new float[Elements];
        Array.Fill(values, value);
        byte[] payload = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var ticket = new UpdateTicket
        {
            Version = 1,
            TenantId = Plan.Key.TenantId,
            JobId = Plan.Key.JobId,
            Round = (uint)Plan.Key.Round,
            Kind = Plan.Key.Kind,
            AssignmentId = assignment,
            DeviceId = "device",
            SchemaHash = ByteString.CopyFrom(SchemaHash),
            MaxWeight = 1000,
            MaxSteps = 100,
            MaxBytes = (ulong)Plan.UpdateBytes,
            ExpiresAtMs = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(),
            WriterEpoch = Plan.WriterEpoch,
        };
        ticket.Sections.AddRange(Plan.Sections);
        var header = new UpdateHeader
        {
            Ticket = new TicketSigner(_key, "key").Sign(ticket),
            Weight = weight,
            LocalSteps = 3,
            Checksum = XxHash3.HashToUInt64(payload),
        };
        header.Sections.AddRange(ticket.Sections.Select(SectionSpecs.DenseHeader));
        using UploadSession session = host.Node.Ingest.Begin(header, new DeviceCaller("default", "device")).Session!;
        session.Append(new ReadOnlySequence<byte>(payload));
        Assert.Equal(UploadOutcome.Stored, (await session.CompleteAsync()).Outcome);
    }

    /// <summary>Ends when an event has come a number of times.</summary>
    private sealed class Awaited<TEvent> : IDisposable
        where TEvent : class
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IAsyncDisposable _subscription;
        private int _left;

        public Awaited(InProcessEventBus bus, int times)
        {
            _left = times;
            _subscription = bus.Subscribe<TEvent>(
                (_, _) =>
                {
                    if (Interlocked.Decrement(ref _left) == 0)
                    {
                        _done.TrySetResult();
                    }

                    return ValueTask.CompletedTask;
                },
                1);
        }

        public Task Task => _done.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        public void Dispose() => _ = _subscription.DisposeAsync().AsTask();
    }
}
