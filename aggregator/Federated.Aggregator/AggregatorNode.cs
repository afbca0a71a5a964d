using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Events;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Journal;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Workers;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tickets;
using Federated.Protocol.Tier;
using Federated.Storage.Slots;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator;

/// <summary>
/// One node of the aggregation tier: the gateway's logic, the slot pool with its journal, and the leaves that sum. Rounds are
/// opened and closed by the coordinator; what it calls is idempotent. Start it before use, stop it once.
/// </summary>
public sealed partial class AggregatorNode : IAsyncDisposable
{
    // Handling a claim check is taking a slot; only spilling to disk takes longer.
    private const int ClaimHandlers = 2;

    private readonly AggregatorNodeOptions _options;
    private readonly TicketVerifier _verifier;
    private readonly IEventBus _bus;
    private readonly AggregatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly RoundTable _rounds = new();
    private Parts? _parts;

    public AggregatorNode(
        IOptions<AggregatorNodeOptions> options, TicketVerifier verifier, IEventBus bus, AggregatorMetrics metrics, TimeProvider time,
        ILoggerFactory loggers)
    {
        _options = options.Value;
        _verifier = verifier;
        _bus = bus;
        _metrics = metrics;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger<AggregatorNode>();
    }

    /// <summary>Where uploads enter.</summary>
    /// <exception cref="InvalidOperationException">The node is not running.</exception>
    public UpdateIngest Ingest => Running.Ingest;

    /// <summary>The slots of the pool at this moment.</summary>
    public SlotPoolStatistics Slots => Running.Store.Statistics;

    /// <summary>Slots in the hands of a running upload or leaf.</summary>
    public int LiveLeases => Running.Store.LiveLeases;

    /// <summary>Names the node in events, trees and logs.</summary>
    public string NodeId => _options.NodeId;

    /// <summary>Payload bytes of one slot of the pool.</summary>
    public long SlotBytes => Running.Store.SlotBytes;

    internal NodeFunctions Functions => Running.Functions;

    private Parts Running => _parts ?? throw new InvalidOperationException("The aggregation node is not running.");

    /// <summary>Opens pool and journal, frees what belongs to nobody, and starts the leaves.</summary>
    /// <exception cref="IOException">Another process uses the node's folder, or there is no room for the pool.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string directory = Path.GetFullPath(_options.Directory);
        Directory.CreateDirectory(directory);
        NodeJournal journal = NodeJournal.Open(Path.Combine(directory, "updates.journal"), _options.JournalCompactionBytes);
        UpdateStore store;
        try
        {
            SlotPool pool = SlotPool.Open(NodePool.OptionsFor(_options, directory));
            store = new UpdateStore(pool, journal, new UpdateSpool(Path.Combine(directory, "spool")), new RetryAdvice(_time));
            SlotReclaim reclaim = pool.ReclaimDeadOwners();
            int orphans = store.FreeOrphans();
            LogStarted(_options.NodeId, pool.SlotCount, pool.SlotBytes, pool.Directory, journal.Recovered.Count, journal.CutBytes,
                orphans, reclaim.FreedReservations, reclaim.ReturnedToCommitted);
        }
        catch
        {
            journal.Dispose();
            throw;
        }

        int most = _options.MaxWorkers == 0 ? Environment.ProcessorCount : _options.MaxWorkers;
        int leavesPerRound = _options.LeavesPerRound == 0 ? most : Math.Min(_options.LeavesPerRound, most);
        var registry = new FunctionRegistry(most + 1);
        var workers = new WorkerPool(
            _options.WarmWorkers, most, _options.WorkerIdleTimeout, registry.DropSpare, _metrics, _time, _loggers.CreateLogger<WorkerPool>());
        workers.Start();
        var functions = new NodeFunctions(
            workers, leavesPerRound, registry, new NodeLoadMeter(_time), _metrics, _time, _loggers.CreateLogger<RoundSums>());
        var leaf = new LeafWorker(_rounds, store, _loggers.CreateLogger<LeafWorker>());
        var leftovers = new LeftoverRounds(journal, store, _time);
        var ingest = new UpdateIngest(
            _options.NodeId, _verifier, _rounds, leftovers, store, _bus, _metrics, _time, _loggers.CreateLogger<UpdateIngest>());
        _parts = new Parts(journal, store, leftovers, ingest, leaf, functions, _bus.Subscribe<UpdateCommitted>(leaf.HandleAsync, ClaimHandlers));
        _metrics.Observe(() => new NodeGauges(store.Statistics, _rounds.Waiting, workers.Count, workers.Idle, registry.Resting));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Takes no more uploads, waits for those that run, and stops the leaves. Stored updates that no leaf has taken stay in the pool for
    /// the next start.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _parts, null) is not { } parts)
        {
            return;
        }

        try
        {
            await parts.Ingest.StopAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogStopCutShort(_options.NodeId);
        }

        await parts.Claims.DisposeAsync();
        parts.Functions.Workers.Dispose();
        foreach (NodeRound round in _rounds.All)
        {
            round.PutBack();
        }

        _metrics.Observe(null);
        parts.Store.Close();
        parts.Journal.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>
    /// Takes updates of a round from now on. When the node has the round already, the plan and the listener take the place of the earlier
    /// ones; when an earlier process had it, what pool, journal and spool still hold is summed again.
    /// </summary>
    /// <param name="plan">The round; its writer epoch must not be older than one seen before for the job.</param>
    /// <param name="onStored">Called once for each update that is stored from now on, from any thread; returns at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The writer is fenced off, or the plan does not fit this node.</exception>
    public Task<ReopenedRound> OpenRoundAsync(RoundPlan plan, Action<UpdateCommitted> onStored, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return OpenRoundAsync(
            plan, TreePlan.Single(_options.NodeId, plan.ExpectedUpdates, Running.Functions.LeavesPerRound), onStored, static _ => true, cancellationToken);
    }

    /// <summary>The same, for a node that is one of several in the round's tree.</summary>
    /// <param name="plan">The round; its writer epoch must not be older than one seen before for the job.</param>
    /// <param name="tree">The tree, which has this node.</param>
    /// <param name="onStored">Called once for each update that is stored from now on, from any thread; returns at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The writer is fenced off, or the plan or the tree does not fit this node.</exception>
    public Task<ReopenedRound> OpenRoundAsync(
        RoundPlan plan, TreePlan tree, Action<UpdateCommitted> onStored, CancellationToken cancellationToken) =>
        OpenRoundAsync(plan, tree, onStored, static _ => true, cancellationToken);

    /// <summary>The same, for a round that may be the buffer of an asynchronous job.</summary>
    /// <param name="plan">The round; its writer epoch must not be older than one seen before for the job.</param>
    /// <param name="tree">The tree, which has this node.</param>
    /// <param name="onStored">Called once for each update that is stored from now on, from any thread; returns at once.</param>
    /// <param name="wants">Asked before a buffer takes an update, from any thread: whether the coordinator waits for it. Returns at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The writer is fenced off, or the plan or the tree does not fit this node.</exception>
    public async Task<ReopenedRound> OpenRoundAsync(
        RoundPlan plan, TreePlan tree, Action<UpdateCommitted> onStored, Func<string, bool> wants, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(onStored);
        ArgumentNullException.ThrowIfNull(wants);
        Parts parts = Running;
        PlanCheck.ThrowIfUnfit(plan, tree, parts.Store.SlotBytes, _options);
        NodeShare share = NodeShare.Of(tree, _options.NodeId);
        var writer = new RoundWriter(plan, onStored, wants);
        if (!_rounds.TryAcceptWriter(plan.Key, plan.WriterEpoch, out ulong newest))
        {
            throw new InvalidOperationException(
                $"The plan of round {plan.Key} is of writer epoch {plan.WriterEpoch}; epoch {newest} has taken the job over.");
        }

        if (_rounds.Find(plan.Key) is { } known)
        {
            if (known.Plan.SchemaHash == plan.SchemaHash)
            {
                parts.Journal.RoundOpened(plan);
                return known.Reopen(writer, share);
            }

            await EndAsync(plan.Key, "it was planned anew.", cancellationToken);
        }

        await EndForgottenAsync(plan.Key, cancellationToken);
        var round = new NodeRound(writer, share, parts.Functions, parts.Store);
        ReopenedRound recovery = parts.Leftovers.Recover(round);
        parts.Journal.RoundOpened(plan);
        _rounds.Add(round);
        parts.Leftovers.Opened(plan.Key);
        foreach (UpdateCommitted update in recovery.Recovered)
        {
            await _bus.PublishAsync(update, cancellationToken);
        }

        LogOpened(plan.Key, plan.WriterEpoch, recovery.Recovered.Count, recovery.Lost.Count);
        return recovery;
    }

    /// <summary>Refuses updates from now on, waits for those that are being stored and summed, and reports the sums.</summary>
    /// <param name="key">A round that is open, or closed and not forgotten: then the answer is the same again.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The node does not have the round, or summing an update failed.</exception>
    public async Task<ClosedRound> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        ClosedRound closed = await BeginClose(key).CloseAsync(cancellationToken);
        LogClosed(key, closed.Included.Count);
        return closed;
    }

    /// <summary>The sections of a closed round that its plan wants update by update, decoded; empty when it wants none.</summary>
    /// <exception cref="InvalidOperationException">The node does not have the round.</exception>
    public IReadOnlyList<KeptValues> HandOver(RoundKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return (_rounds.Find(key) ?? throw new InvalidOperationException($"Round {key} is not open at this node.")).HandOver();
    }

    /// <summary>The round at this node at this moment; null when the node does not have it.</summary>
    public NodeRoundView? View(RoundKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _rounds.Find(key)?.View(_options.NodeId);
    }

    /// <summary>Gives a round that is open here other leaves; nothing when the node does not have it.</summary>
    /// <exception cref="InvalidOperationException">The tree does not have this node.</exception>
    public void Replan(RoundKey key, TreePlan tree)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(tree);
        NodeShare share = NodeShare.Of(tree, _options.NodeId);
        _rounds.Find(key)?.Sums.Replan(share.Leaves, share.UpdatesPerLeaf);
    }

    /// <summary>How busy the node was since the last call; one caller has the samples.</summary>
    public NodeLoadView SampleLoad()
    {
        NodeFunctions functions = Running.Functions;
        (double arrivalRate, double secondsPerUpdate) = functions.Load.Sample();
        return new NodeLoadView(arrivalRate, secondsPerUpdate, _rounds.Waiting, functions.Workers.Idle);
    }

    /// <summary>Refuses updates from now on, waits for those that are being stored and summed, and leaves the division to others.</summary>
    /// <exception cref="InvalidOperationException">The node does not have the round, or summing an update failed.</exception>
    internal async Task<NodePartial> ClosePartialAsync(RoundKey key, CancellationToken cancellationToken)
    {
        NodePartial partial = await BeginClose(key).PartialAsync(cancellationToken);
        LogClosed(key, partial.Included.Count);
        return partial;
    }

    /// <summary>Refuses updates from now on, waits for those that are being stored, and gives what the round keeps, for a rule that needs all updates.</summary>
    /// <returns>The updates with their payloads, which stay readable until the round is over.</returns>
    /// <exception cref="InvalidOperationException">The node does not have the round.</exception>
    internal async Task<IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>> CloseKeptAsync(RoundKey key, CancellationToken cancellationToken)
    {
        IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> kept = await BeginClose(key).KeptAsync(cancellationToken);
        LogClosed(key, kept.Count);
        return kept;
    }

    private NodeRound BeginClose(RoundKey key)
    {
        Parts parts = Running;
        NodeRound round = _rounds.Find(key) ?? throw new InvalidOperationException($"Round {key} is not open at this node.");
        TakeAll(parts, round, round.Updates.Close());
        return round;
    }

    /// <summary>Ends a round without an aggregate and frees what it holds; nothing when the node does not have it.</summary>
    /// <param name="key">The round.</param>
    /// <param name="reason">One sentence that late devices are told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return EndAsync(key, reason, cancellationToken);
    }

    /// <summary>Frees what a closed round holds, after its commit point; nothing when the node does not have it.</summary>
    public Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return EndAsync(key, "its model version has been made.", cancellationToken);
    }

    /// <summary>Every round of which the node holds something, those that an earlier process has left included.</summary>
    internal IReadOnlyList<HeldRound> HeldRounds()
    {
        Parts parts = Running;
        return
        [
            .. _rounds.All.Select(round => new HeldRound(round.Plan.Key, round.Plan.WriterEpoch, round.Updates.StoredCount)),
            .. parts.Leftovers.Held,
        ];
    }

    /// <summary>Nobody waits for these updates of a buffer; nothing when the node does not have the round.</summary>
    internal void Excuse(RoundKey key, IEnumerable<string> assignmentIds) => _rounds.Find(key)?.Updates.Excuse(assignmentIds);

    /// <summary>What the node holds of a round now, and what it has lost of it; null when it does not have the round.</summary>
    internal ReopenedRound? HoldingsOf(RoundKey key) => _rounds.Find(key)?.Updates.Holdings();

    /// <summary>Frees rounds of an earlier process that nobody has opened again.</summary>
    /// <param name="isOver">Which of them will not be opened any more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task EndLeftoversAsync(Func<RoundKey, bool> isOver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isOver);
        RoundKey[] over = [.. Running.Leftovers.Keys.Where(isOver)];
        foreach (RoundKey key in over)
        {
            await EndAsync(key, "its job has ended.", cancellationToken);
        }
    }

    /// <summary>What a round retains, and what the bus has not brought yet, is taken now.</summary>
    private static void TakeAll(Parts parts, NodeRound round, IReadOnlyList<UpdateCommitted> updates)
    {
        foreach (UpdateCommitted update in updates)
        {
            parts.Leaf.Take(round, update);
        }
    }

    private async Task EndAsync(RoundKey key, string reason, CancellationToken cancellationToken)
    {
        Parts parts = Running;
        if (_rounds.Find(key) is { } round)
        {
            // It stays in the table until nothing of it is pending, so that leaves find and free what waits for them.
            TakeAll(parts, round, round.BeginEnd());
            await round.EndAsync(cancellationToken);
            _rounds.Remove(key, reason);
        }
        else if (!parts.Leftovers.TryFree(key))
        {
            return;
        }

        parts.Store.DropSpool(key);
        await parts.Journal.RoundEndedAsync(key, cancellationToken);
        LogEnded(key, reason);
    }

    /// <summary>A job has one open round of a kind: older ones that an earlier process left behind will not be opened again.</summary>
    private async Task EndForgottenAsync(RoundKey opened, CancellationToken cancellationToken)
    {
        RoundKey[] left = [.. Running.Leftovers.Keys.Where(key =>
            key.TenantId == opened.TenantId && key.JobId == opened.JobId && key.Kind == opened.Kind && key != opened)];
        foreach (RoundKey key in left)
        {
            await EndAsync(key, "a later round of the job was opened.", cancellationToken);
        }
    }

    private sealed record Parts(
        NodeJournal Journal, UpdateStore Store, LeftoverRounds Leftovers, UpdateIngest Ingest, LeafWorker Leaf, NodeFunctions Functions, IAsyncDisposable Claims);
}
