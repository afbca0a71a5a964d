using System.Collections.Concurrent;
using Federated.Aggregator.Events;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Tree;

/// <summary>
/// A node's part in a tier of several: does what control events say, to one round after another. Every handler may be called any number of times with the same event, and in any order.
/// </summary>
public sealed partial class TreeMember : IAsyncDisposable
{
    /// <summary>A node that ends does not wait longer for a bus that may be gone: its silence tells the same, a little later.</summary>
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    private readonly AggregatorNode _node;
    private readonly IEventBus _bus;
    private readonly TreeMemberOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly MemberRounds _rounds = new();
    private readonly ConcurrentDictionary<RoundKey, RoundClosing> _early = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private readonly MemberClosing _closing;
    private readonly SignsOfLife _alive;

    public TreeMember(
        AggregatorNode node, IEventBus bus, IPartialTransport transport, IOptions<TreeMemberOptions> options, TimeProvider time,
        ILogger<TreeMember> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _node = node;
        _bus = bus;
        _options = options.Value;
        _time = time;
        _logger = logger;
        Revocations = new DeviceRevocations(time);
        Transfers = new TreeTransfers(node, _rounds);
        var sender = new PartialSender(node, transport, time, logger);
        _closing = new MemberClosing(node, Incarnation, bus, sender, new ExchangeClosing(node, bus, transport, sender, logger), logger);
        _alive = new SignsOfLife(node, bus, _rounds, Revocations, () => Introduction, _options, time, logger);
    }

    /// <summary>The devices that the node refuses.</summary>
    public DeviceRevocations Revocations { get; }

    /// <summary>What others hand this node, and what they fetch from it.</summary>
    public TreeTransfers Transfers { get; }

    /// <summary>Random id of this process.</summary>
    public string Incarnation { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Who the node is, as it says when it joins; it runs already.</summary>
    public NodeJoined Introduction => new(
        _node.NodeId, Incarnation, _options.GatewayAddress, _options.TransferAddress,
        _options.Capacity > 0 ? _options.Capacity : _node.Slots.SlotCount, _node.Slots.SlotCount, _node.SlotBytes)
    {
        IdleInterval = _options.IdleAliveInterval,
    };

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
        _alive.Start();
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
        foreach (MemberRound round in _rounds.TakeAll())
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
            if (_rounds.Ended.Has(key, opened.Plan.WriterEpoch))
            {
                return;
            }

            MemberRound? known = _rounds.Find(key);
            int order = known?.CompareTo(opened.Plan.WriterEpoch, opened.Tree.Revision) ?? -1;
            if (order < 0)
            {
                _rounds.Remove(key);
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
            MemberRound? round = _rounds.Find(closing.Key);
            int order = round?.CompareTo(closing.WriterEpoch, closing.Revision) ?? -1;
            if (order < 0)
            {
                // The opening is still on its way.
                if (!_rounds.Ended.Has(closing.Key, closing.WriterEpoch))
                {
                    _early[closing.Key] = closing;
                }

                return;
            }

            _early.TryRemove(closing.Key, out _);
            if (order == 0 && round!.Closing is null)
            {
                round.Closing = _closing.CloseAsync(round);
            }
            else if (order == 0 && round!.Answer is { } answer)
            {
                await _closing.SayAsync(answer, cancellationToken);
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
            if (_rounds.Find(ready.Key) is { } round && round.CompareTo(ready.WriterEpoch, ready.Revision) == 0)
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
            MemberRound? round = _rounds.Find(ended.Key);
            if (round is not null && round.Opened.Plan.WriterEpoch > ended.WriterEpoch)
            {
                return;
            }

            _rounds.Remove(ended.Key);
            _early.TryRemove(ended.Key, out _);
            _rounds.Ended.Add(ended.Key, ended.WriterEpoch);
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
        try
        {
            ReopenedRound recovery = await _node.OpenRoundAsync(opened.Plan, opened.Tree, reporter.Report, cancellationToken);
            MemberRound round = RoundOf(opened, self, recovery, reporter);
            _rounds.Add(key, round);
            _alive.Hurry();
            return round;
        }
        catch (InvalidOperationException exception)
        {
            reporter.Dispose();
            await RefuseAsync(opened, exception.Message, cancellationToken);
            return null;
        }
        catch
        {
            reporter.Dispose();
            throw;
        }
    }

    private MemberRound RoundOf(RoundOpened opened, TreeNode self, ReopenedRound recovery, StoredReporter reporter)
    {
        var board = new MergeBoard(
            _node.Functions, self.Role == TreeRole.Top ? TreeRole.Top : TreeRole.Middle, opened.Tree.ChildrenOf(self.NodeId).Select(child => child.NodeId));
        return new MemberRound(opened, self, recovery, board, reporter)
        {
            Exchange = opened.Plan.IsMean ? null : new NodeExchange(new ExchangePlan(opened.Plan, opened.Tree), _node.NodeId),
        };
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
}
