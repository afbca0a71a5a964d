using System.Collections.Concurrent;
using Federated.Aggregator.Events;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Tree;

/// <summary>
/// A node's part in a tier of several: does what control events say, hands the node's partial to its parent, and merges those of its
/// children. Every handler may be called any number of times with the same event, and in any order.
/// </summary>
public sealed partial class TreeMember : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    /// <summary>A node that ends does not wait longer for a bus that may be gone: its silence tells the same, a little later.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    private readonly AggregatorNode _node;
    private readonly IEventBus _bus;
    private readonly IPartialTransport _transport;
    private readonly TreeMemberOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly ConcurrentDictionary<RoundKey, MemberRound> _rounds = new();
    private readonly ConcurrentDictionary<RoundKey, RoundClosing> _early = new();
    private readonly EndedRounds _ended = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private readonly ITimer _alive;
    private long _sequence;

    public TreeMember(
        AggregatorNode node, IEventBus bus, IPartialTransport transport, IOptions<TreeMemberOptions> options, TimeProvider time,
        ILogger<TreeMember> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _node = node;
        _bus = bus;
        _transport = transport;
        _options = options.Value;
        _time = time;
        _logger = logger;
        Revocations = new DeviceRevocations(time);
        _alive = time.CreateTimer(_ => _ = SayAliveAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The devices that the node refuses.</summary>
    public DeviceRevocations Revocations { get; }

    /// <summary>Random id of this process.</summary>
    public string Incarnation { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Who the node is, as it says when it joins; it runs already.</summary>
    public NodeJoined Introduction => new(
        _node.NodeId, Incarnation, _options.GatewayAddress, _options.TransferAddress,
        _options.Capacity > 0 ? _options.Capacity : _node.Slots.SlotCount, _node.Slots.SlotCount, _node.SlotBytes);

    /// <summary>Subscribes to the control events and says that the node is there; the node runs already.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _subscriptions.Add(_bus.Subscribe<RoundOpened>(HandleAsync, 1));
        _subscriptions.Add(_bus.Subscribe<RoundClosing>(HandleAsync, 1));
        _subscriptions.Add(_bus.Subscribe<RoundEnded>(HandleAsync, 1));
        _subscriptions.Add(_bus.Subscribe<CoefficientsReady>(HandleAsync, 1));
        _subscriptions.Add(_bus.Subscribe<UpdatesUnwanted>(
            (unwanted, _) =>
            {
                if (unwanted.NodeId == _node.NodeId)
                {
                    _node.Excuse(unwanted.Key, unwanted.AssignmentIds);
                }

                return ValueTask.CompletedTask;
            },
            1));
        _subscriptions.Add(_bus.Subscribe<DevicesRevoked>(
            (revoked, _) =>
            {
                Revocations.Take(revoked);
                return ValueTask.CompletedTask;
            },
            1));
        await _bus.PublishAsync(Introduction, cancellationToken);
        _alive.Change(_options.IdleAliveInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Says that the node leaves, if the bus still carries it, and ends what runs. Rounds stay in the node.</summary>
    public async Task StopAsync(string reason, CancellationToken cancellationToken)
    {
        using var longest = new CancellationTokenSource(LongestFarewell, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, longest.Token);
        try
        {
            await _bus.PublishAsync(new NodeLeft(_node.NodeId, Incarnation, reason), either.Token);
        }
        catch (Exception exception)
        {
            LogLeftUnheard(exception);
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _alive.DisposeAsync();
        foreach (IAsyncDisposable subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }

        _subscriptions.Clear();
        MemberRound[] rounds = [.. _rounds.Values];
        _rounds.Clear();
        foreach (MemberRound round in rounds)
        {
            await EndAsync(round);
        }

        _gate.Dispose();
    }

    /// <summary>Opens the round here, or again in another tree or for another writer, and answers <see cref="RoundReady"/>.</summary>
    public async ValueTask HandleAsync(RoundOpened opened, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(opened);
        RoundKey key = opened.Plan.Key;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_ended.Has(key, opened.Plan.WriterEpoch))
            {
                return;
            }

            int order = -1;
            if (_rounds.TryGetValue(key, out MemberRound? known))
            {
                order = known.CompareTo(opened.Plan.WriterEpoch, opened.Tree.Revision);
            }

            if (order < 0)
            {
                _rounds.TryRemove(key, out _);
                await EndAsync(known);
                known = await OpenAsync(opened, cancellationToken);
            }

            if (order <= 0 && known is not null)
            {
                await _bus.PublishAsync(ReadyOf(known), cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }

        if (_early.TryGetValue(key, out RoundClosing? closing))
        {
            await HandleAsync(closing, cancellationToken);
        }
    }

    /// <summary>Closes the round here; what that gives goes to the parent, or is the aggregate.</summary>
    public async ValueTask HandleAsync(RoundClosing closing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(closing);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            int order = _rounds.TryGetValue(closing.Key, out MemberRound? round) ? round.CompareTo(closing.WriterEpoch, closing.Revision) : -1;
            if (order < 0)
            {
                // The opening is still on its way.
                if (!_ended.Has(closing.Key, closing.WriterEpoch))
                {
                    _early[closing.Key] = closing;
                }

                return;
            }

            _early.TryRemove(closing.Key, out _);
            if (order == 0 && round!.Closing is null)
            {
                round.Closing = CloseAsync(round);
            }
            else if (order == 0 && round!.Answer is { } answer)
            {
                await PublishAsync(answer, cancellationToken);
            }
            else if (order == 0)
            {
                // What the top has said may have got lost on its way: it says it again, and the others look.
                round!.Hint.Release();
                if (round.Judged is { } judged)
                {
                    await _bus.PublishAsync(judged, cancellationToken);
                }

                if (round.Delay() is { } delay)
                {
                    await _bus.PublishAsync(delay, cancellationToken);
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The top has judged: what it decided can be taken from there.</summary>
    public async ValueTask HandleAsync(CoefficientsReady ready, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ready);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_rounds.TryGetValue(ready.Key, out MemberRound? round) && round.CompareTo(ready.WriterEpoch, ready.Revision) == 0)
            {
                round.Hint.Release();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Frees what the round holds here.</summary>
    public async ValueTask HandleAsync(RoundEnded ended, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ended);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_rounds.TryGetValue(ended.Key, out MemberRound? round) && round.Opened.Plan.WriterEpoch > ended.WriterEpoch)
            {
                return;
            }

            _rounds.TryRemove(ended.Key, out _);
            _early.TryRemove(ended.Key, out _);
            _ended.Add(ended.Key, ended.WriterEpoch);
            await EndAsync(round);
            if (ended.IsCommitted)
            {
                await _node.ForgetRoundAsync(ended.Key, cancellationToken);
            }
            else
            {
                await _node.AbandonRoundAsync(ended.Key, ended.Reason, cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<MemberRound?> OpenAsync(RoundOpened opened, CancellationToken cancellationToken)
    {
        RoundKey key = opened.Plan.Key;
        if (opened.Tree.Fault() is { } fault)
        {
            await RefuseAsync(opened, fault, cancellationToken);
            return null;
        }

        if (opened.Tree.Find(_node.NodeId) is not { } self)
        {
            // The coordinator has given this node up, or does not need it: what it has of the round will not count.
            await _node.AbandonRoundAsync(key, "this node is not in the round's tree any more; send the update again where the ticket says.", cancellationToken);
            return null;
        }

        var reporter = new StoredReporter(opened.Plan, _node.NodeId, Incarnation, _bus, _time, exception => LogNotPublished(exception, key));
        ReopenedRound recovery;
        try
        {
            recovery = await _node.OpenRoundAsync(opened.Plan, opened.Tree, reporter.Report, cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            reporter.Dispose();
            await RefuseAsync(opened, exception.Message, cancellationToken);
            return null;
        }

        var board = new MergeBoard(
            _node.Functions, self.Role == TreeRole.Top ? TreeRole.Top : TreeRole.Middle, opened.Tree.ChildrenOf(self.NodeId).Select(child => child.NodeId));
        var round = new MemberRound(opened, self, recovery, board, reporter)
        {
            Exchange = opened.Plan.IsMean ? null : new NodeExchange(new ExchangePlan(opened.Plan, opened.Tree), _node.NodeId),
        };
        _rounds[key] = round;
        _alive.Change(_options.AliveInterval, Timeout.InfiniteTimeSpan);
        return round;
    }

    private RoundReady ReadyOf(MemberRound round) => new(
        round.Opened.Plan.Key, round.Opened.Plan.WriterEpoch, round.Opened.Tree.Revision, _node.NodeId, Incarnation,
        round.Recovery.Recovered.Count, round.Recovery.Lost.Count);

    private ValueTask RefuseAsync(RoundOpened opened, string reason, CancellationToken cancellationToken) => _bus.PublishAsync(
        new RoundReady(opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision, _node.NodeId, Incarnation, 0, 0, reason), cancellationToken);

    private static async Task EndAsync(MemberRound? round)
    {
        if (round is null)
        {
            return;
        }

        round.End();
        if (round.Closing is { } closing)
        {
            await closing;
        }

        await round.QuietAsync();
        round.Dispose();
    }

    private async Task CloseAsync(MemberRound round)
    {
        RoundOpened opened = round.Opened;
        RoundPlan plan = opened.Plan;
        string partialId = $"{_node.NodeId}/{Incarnation}/{plan.WriterEpoch}.{opened.Tree.Revision}";
        try
        {
            TransferHandover handover = plan.IsMean ? await SumAsync(round, partialId) : await ExchangeAsync(round, partialId);
            round.Result = handover;
            PartialHeader header = handover.Header;
            if (round.Self.Parent is { } parent)
            {
                await SendAsync(round, opened.Tree.Find(parent)!, handover);
                round.Answer = new PartialReady(
                    plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, _node.NodeId, parent, (int)header.Included, header.TotalWeight,
                    (long)header.ByteLength);
            }
            else
            {
                round.Answer = new AggregateReady(
                    plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, _node.NodeId, (int)header.Included, header.TotalWeight,
                    (long)header.ByteLength);
            }
        }
        catch (OperationCanceledException) when (round.Over.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            LogNotClosed(exception, plan.Key);
            round.Answer = new AggregateReady(
                plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, _node.NodeId, 0, 0, 0, $"Node {_node.NodeId}: {exception.Message}");
        }

        try
        {
            await PublishAsync(round.Answer, round.Over);
        }
        catch (Exception exception)
        {
            // The coordinator asks again when it hears nothing.
            LogNotPublished(exception, plan.Key);
        }
    }

    private async Task<TransferHandover> SumAsync(MemberRound round, string partialId)
    {
        NodePartial own = await _node.ClosePartialAsync(round.Opened.Plan.Key, round.Over);
        await round.Board.AllMergedAsync(round.Over);
        NodePartial all = round.Board.Combine(own);
        return new PartialHandover(PartialNames.HeaderOf(round.Opened, partialId, _node.NodeId, all), all);
    }

    private async Task SendAsync(MemberRound round, TreeNode parent, TransferHandover handover)
    {
        CancellationToken cancellationToken = round.Over;
        TimeSpan delay = FirstRetry;
        while (true)
        {
            TransferResult result = await _transport.SendAsync(parent, handover, cancellationToken);
            if (result.Outcome is TransferOutcome.Merged or TransferOutcome.AlreadyMerged)
            {
                round.Unreached.TryRemove(parent.NodeId, out _);
                _node.Functions.Metrics.Transferred((long)handover.Header.ByteLength, isSent: true);
                return;
            }

            if (!result.MayBeRepeated)
            {
                throw new InvalidOperationException($"Node {parent.NodeId} does not take the partial: {result.Reason}");
            }

            round.Unreached[parent.NodeId] = true;
            LogTransferRepeated(handover.Header.PartialId, parent.NodeId, result.Outcome, result.Reason);
            await Task.Delay(delay, _time, cancellationToken);
            delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
        }
    }

    private ValueTask PublishAsync(ITierEvent answer, CancellationToken cancellationToken) => answer switch
    {
        PartialReady ready => _bus.PublishAsync(ready, cancellationToken),
        AggregateReady ready => _bus.PublishAsync(ready, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer, "A closing is not answered so."),
    };

    private async Task SayAliveAsync()
    {
        try
        {
            NodeLoadView load = _node.SampleLoad();
            await _bus.PublishAsync(
                new NodeAlive(
                    _node.NodeId, Incarnation, ++_sequence, load.Waiting, load.ArrivalRate, load.SecondsPerUpdate, _node.Slots.Free, load.IdleWorkers,
                    HeldOnes(), Introduction, Revocations.Known),
                CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotAlive(exception);
        }

        try
        {
            _alive.Change(_rounds.IsEmpty ? _options.IdleAliveInterval : _options.AliveInterval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The member has stopped meanwhile.
        }
    }

    /// <summary>The rounds that a sign of life names; when they are too many for one, the next names others.</summary>
    private HeldRound[] HeldOnes()
    {
        IReadOnlyList<HeldRound> all = _node.HeldRounds();
        int from = all.Count <= NodeAlive.MaxRounds ? 0 : (int)(_sequence * NodeAlive.MaxRounds % all.Count);
        return [.. all.OrderBy(round => round.Key.ToString(), StringComparer.Ordinal).Skip(from).Take(NodeAlive.MaxRounds)];
    }
}
