using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Several nodes of one process on one bus, and the coordinator's side of their conversation.</summary>
internal sealed class TierUnderTest : IAsyncDisposable
{
    private readonly IEventBus _bus;
    private readonly InProcessTransport _transport = new();
    private readonly Dictionary<string, TreeMember> _members = new(StringComparer.Ordinal);
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private readonly ConcurrentDictionary<(string Key, Type Type), TaskCompletionSource<ITierEvent>> _heard = new();
    private readonly ConcurrentDictionary<string, UpdateCommitted> _stored = new();
    private readonly Channel<ClosingDelayed> _delays = Channel.CreateUnbounded<ClosingDelayed>();

    public TierUnderTest(IEventBus bus)
    {
        _bus = bus;
        Hear<RoundReady>(ready => $"{ready.Key.Round}/{ready.NodeId}/{ready.WriterEpoch}.{ready.Revision}");
        _subscriptions.Add(_bus.Subscribe<ClosingDelayed>((delayed, _) => _delays.Writer.WriteAsync(delayed, CancellationToken.None), 1));
        Hear<AggregateReady>(ready => $"{ready.Key.Round}/{ready.WriterEpoch}.{ready.Revision}");
        Hear<PartialReady>(ready => $"{ready.Key.Round}/{ready.NodeId}/{ready.WriterEpoch}.{ready.Revision}");
        _subscriptions.Add(_bus.Subscribe<UpdatesStored>(
            (stored, _) =>
            {
                foreach (UpdateCommitted update in stored.Updates)
                {
                    _stored[update.AssignmentId] = update;
                }

                return ValueTask.CompletedTask;
            },
            1));
    }

    public ICollection<string> Stored => _stored.Keys;

    public TreeMember this[string nodeId] => _members[nodeId];

    public async Task AddAsync(AggregatorNode node, TimeProvider time, CancellationToken cancellationToken)
    {
        var member = new TreeMember(
            node, _bus, _transport, Microsoft.Extensions.Options.Options.Create(new TreeMemberOptions()), time, NullLogger<TreeMember>.Instance);
        _members.Add(node.NodeId, member);
        _transport.Add(node.NodeId, member);
        await member.StartAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<RoundReady>> OpenAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken)
    {
        await _bus.PublishAsync(new RoundOpened(plan, tree), cancellationToken);
        var ready = new List<RoundReady>();
        foreach (TreeNode node in tree.Nodes)
        {
            ready.Add(await AwaitAsync<RoundReady>($"{plan.Key.Round}/{node.NodeId}/{plan.WriterEpoch}.{tree.Revision}", cancellationToken));
        }

        return ready;
    }

    public ValueTask SayClosingAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken) =>
        _bus.PublishAsync(new RoundClosing(plan.Key, plan.WriterEpoch, tree.Revision, "The goal is reached."), cancellationToken);

    public Task<PartialReady> AwaitPartialAsync(RoundPlan plan, TreePlan tree, string nodeId, CancellationToken cancellationToken) =>
        AwaitAsync<PartialReady>($"{plan.Key.Round}/{nodeId}/{plan.WriterEpoch}.{tree.Revision}", cancellationToken);

    /// <summary>What a node has said next that it waits for.</summary>
    public async Task<ClosingDelayed> AwaitDelayAsync(RoundPlan plan, TreePlan tree, string nodeId, CancellationToken cancellationToken)
    {
        ClosingDelayed delayed = await _delays.Reader.ReadAsync(cancellationToken);
        Assert.Equal((plan.Key, tree.Revision, nodeId), (delayed.Key, delayed.Revision, delayed.NodeId));
        return delayed;
    }

    public Task<AggregateReady> AwaitAggregateAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken) =>
        AwaitAsync<AggregateReady>($"{plan.Key.Round}/{plan.WriterEpoch}.{tree.Revision}", cancellationToken);

    public async Task<ClosedRound> CloseAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken)
    {
        await SayClosingAsync(plan, tree, cancellationToken);
        AggregateReady ready = await AwaitAggregateAsync(plan, tree, cancellationToken);
        Assert.Null(ready.Fault);
        Assert.Equal(tree.Top.NodeId, ready.NodeId);
        ClosedRound closed = _members[ready.NodeId].Transfers.Report(PartialNames.RequestOf(plan.Key, plan.WriterEpoch, tree.Revision))!;
        Assert.Equal(ready.Included, closed.Included.Count);
        return closed;
    }

    /// <summary>Tells the nodes of a tree the last aggregates, where the rule starts.</summary>
    public async Task TellStartAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken)
    {
        foreach (TreeNode node in tree.Nodes)
        {
            TransferResult result = await _transport.SendAsync(node, ExchangeHandover.Of(plan, tree, "server", ExchangePlan.StartOf(plan)), cancellationToken);
            Assert.Equal(TransferOutcome.Merged, result.Outcome);
        }
    }

    /// <summary>Takes the updates that the nodes of a tree keep, by the bytes that go over the wire.</summary>
    public async Task<IReadOnlyList<KeptValues>> FetchKeptAsync(RoundPlan plan, TreePlan tree, CancellationToken cancellationToken)
    {
        var all = new List<KeptValues>();
        foreach (TreeNode node in tree.Nodes)
        {
            var receiver = new KeptReceiver(plan);
            Assert.True(await _members[node.NodeId].Transfers.ReadKeptAsync(
                PartialNames.RequestOf(plan.Key, plan.WriterEpoch, tree.Revision),
                (kept, _) =>
                {
                    foreach (UpdateClaims claims in PartialNames.ClaimsOf(kept.Included, []))
                    {
                        receiver.Append(claims);
                    }

                    ITransferWriter writer = kept.BeginWrite()!;
                    byte[] buffer = new byte[1000];
                    for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
                    {
                        receiver.Append(new ReadOnlySequence<byte>(buffer.AsMemory(0, length)));
                    }

                    Assert.Equal(writer.Length, writer.Position);
                    return Task.CompletedTask;
                },
                cancellationToken));
            all.AddRange(KeptSections.Of(plan, receiver.Complete()));
        }

        return all;
    }

    public ValueTask EndAsync(RoundPlan plan, CancellationToken cancellationToken) =>
        _bus.PublishAsync(new RoundEnded(plan.Key, plan.WriterEpoch, true, "its model version has been made."), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (TreeMember member in _members.Values)
        {
            await member.DisposeAsync();
        }

        foreach (IAsyncDisposable subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }
    }

    private void Hear<TEvent>(Func<TEvent, string> keyOf)
        where TEvent : class, ITierEvent => _subscriptions.Add(_bus.Subscribe<TEvent>(
            (message, _) =>
            {
                Place<TEvent>(keyOf(message)).TrySetResult(message);
                return ValueTask.CompletedTask;
            },
            1));

    private async Task<TEvent> AwaitAsync<TEvent>(string key, CancellationToken cancellationToken)
        where TEvent : class, ITierEvent =>
        (TEvent)await Place<TEvent>(key).Task.WaitAsync(TimeSpan.FromMinutes(2), cancellationToken);

    private TaskCompletionSource<ITierEvent> Place<TEvent>(string key) =>
        _heard.GetOrAdd((key, typeof(TEvent)), _ => new TaskCompletionSource<ITierEvent>(TaskCreationOptions.RunContinuationsAsynchronously));
}
