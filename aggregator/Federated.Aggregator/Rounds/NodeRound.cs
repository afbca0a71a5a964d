using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// A round at this node: which updates have come how far, and the functions that sum them. An update is claimed by its upload,
/// committed, stored, summed; from commit to sum it is pending, and a closing round waits for the pending ones.
/// </summary>
internal sealed class NodeRound
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, UpdateEntry> _updates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unwanted = new(StringComparer.Ordinal);
    private readonly UpdateStore _store;
    private readonly NodeFunctions _functions;
    private readonly List<LeafInput> _kept = [];
    private readonly Dictionary<(string AssignmentId, SectionRole Role), KeptValues> _copies = [];
    private readonly RetainedAggregation? _rule;
    private readonly RoundColumns? _columns;
    private Action<UpdateCommitted> _onStored;
    private Func<string, bool> _wants;
    private volatile RoundPlan _plan;
    private TaskCompletionSource? _drained;
    private Exception? _fault;
    private ClosedRound? _result;
    private bool _isOpen = true;
    private bool _isEnded;
    private int _pending;
    private int _arrived;
    private int _order;

    public NodeRound(
        RoundPlan plan, NodeShare share, Action<UpdateCommitted> onStored, Func<string, bool> wants, NodeFunctions functions, UpdateStore store)
    {
        _plan = plan;
        _onStored = onStored;
        _wants = wants;
        _functions = functions;
        _store = store;
        _rule = plan.IsMean || plan.KeepsUpdates ? null : RuleOf(plan);

        // Several nodes measure ranges of all updates, or make sketches, when the round closes.
        _columns = share.IsAlone && _rule is { GrowingSections.IsEmpty: false } rule ? ColumnsOf(rule, plan, functions) : null;
        Sums = new RoundSums(functions, plan.Sections, share.Leaves, share.UpdatesPerLeaf, () => IsEnded, EndSum, Spoil);
    }

    public RoundPlan Plan => _plan;

    /// <summary>The functions of the round.</summary>
    public RoundSums Sums { get; }

    /// <summary>The round was abandoned or forgotten: what is pending is freed, not summed.</summary>
    public bool IsEnded => Volatile.Read(ref _isEnded);

    /// <summary>Whether stored updates wait for the closing before they are summed.</summary>
    public bool Retains
    {
        get
        {
            lock (_gate)
            {
                return _isOpen && _plan.Timing == AggregationTimings.Lazy;
            }
        }
    }

    /// <summary>Whether stored updates are taken at once although they are kept: their inner products grow meanwhile.</summary>
    public bool Grows => _columns is not null;

    /// <summary>
    /// Takes an update into the sums of the round. Rules other than the mean keep it as it is, until the round is forgotten: a coordinator that dies before its commit
    /// point closes the round once more.
    /// </summary>
    public void Accept(LeafInput input)
    {
        if (_plan.IsMean)
        {
            // The slot is free as soon as the update is summed: what is handed over is copied before.
            CopyHandedOver(input);
            Sums.Offer(input);
            return;
        }

        bool isEnded;
        lock (_gate)
        {
            isEnded = _isEnded;
            if (!isEnded)
            {
                _kept.Add(input);
                _columns?.Offer(input);
            }

            EndPending_NeedsLock(input);
        }

        if (isEnded)
        {
            input.Payload.Release();
            _store.SlotFreed();
        }
    }

    /// <summary>The node stops: what is kept stays in the pool for the next process.</summary>
    public void PutBack()
    {
        lock (_gate)
        {
            _kept.ForEach(input => input.Payload.PutBack());
            _kept.Clear();
        }
    }

    /// <summary>Opens the round again under a plan of the same or a later writer.</summary>
    public ReopenedRound Reopen(RoundPlan plan, NodeShare share, Action<UpdateCommitted> onStored, Func<string, bool> wants)
    {
        Sums.Replan(share.Leaves, share.UpdatesPerLeaf);
        lock (_gate)
        {
            _plan = plan;
            _onStored = onStored;
            _wants = wants;
            _isOpen = true;
            _result = null;
            return Holdings_NeedsLock();
        }
    }

    /// <summary>What the node holds of the round now, and what it has lost.</summary>
    public ReopenedRound Holdings()
    {
        lock (_gate)
        {
            return Holdings_NeedsLock();
        }
    }

    /// <summary>How many updates the node holds, summed ones among them.</summary>
    public int StoredCount
    {
        get
        {
            lock (_gate)
            {
                return _updates.Values.Count(entry => entry.Update is not null);
            }
        }
    }

    /// <summary>Adds an update that an earlier process had stored; it is pending from now on.</summary>
    public void AddRecovered(UpdateCommitted update)
    {
        lock (_gate)
        {
            _updates.Add(update.AssignmentId, new UpdateEntry(UpdateProgress.Stored, update, _functions.Time.GetTimestamp(), _order++));
            _arrived++;
            _pending++;
        }
    }

    /// <summary>Notes that an update had been stored but is gone.</summary>
    public void AddLost(string assignmentId)
    {
        lock (_gate)
        {
            _lost.Add(assignmentId);
        }
    }

    public ClaimOutcome Claim(string assignmentId)
    {
        lock (_gate)
        {
            if (!_isOpen)
            {
                return ClaimOutcome.NotOpen;
            }

            if (_updates.TryGetValue(assignmentId, out UpdateEntry? entry))
            {
                return entry.Progress == UpdateProgress.Uploading ? ClaimOutcome.InProgress : ClaimOutcome.Stored;
            }

            if (_plan.IsBuffer && !_wants(assignmentId))
            {
                return ClaimOutcome.NotWanted;
            }

            if (IsFull_NeedsLock)
            {
                return ClaimOutcome.Full;
            }

            _updates.Add(assignmentId, new UpdateEntry(UpdateProgress.Uploading, null, 0, 0));
            return ClaimOutcome.Claimed;
        }
    }

    /// <summary>Gives a claim up: the upload failed before its commit.</summary>
    public void Unclaim(string assignmentId)
    {
        lock (_gate)
        {
            if (_updates.TryGetValue(assignmentId, out UpdateEntry? entry) && entry.Progress == UpdateProgress.Uploading)
            {
                _updates.Remove(assignmentId);
            }
        }
    }

    /// <summary>The upload is complete and about to be stored.</summary>
    public CommitOutcome BeginCommit()
    {
        lock (_gate)
        {
            if (!_isOpen)
            {
                return CommitOutcome.NotOpen;
            }

            if (IsFull_NeedsLock)
            {
                return CommitOutcome.Full;
            }

            _pending++;
            _arrived++;
            return CommitOutcome.Begun;
        }
    }

    /// <summary>Storing failed; the claim stays with the caller.</summary>
    public void CancelCommit()
    {
        lock (_gate)
        {
            _arrived--;
            EndPending_NeedsLock();
        }
    }

    /// <summary>Nobody waits for these stored updates: they take no place in the buffer. They stay, and are handed over with the others, until the round is over.</summary>
    public void Excuse(IEnumerable<string> assignmentIds)
    {
        lock (_gate)
        {
            foreach (string id in assignmentIds)
            {
                if (_updates.TryGetValue(id, out UpdateEntry? entry) && entry.Update is not null && _unwanted.Add(id))
                {
                    _arrived--;
                }
            }
        }
    }

    /// <summary>The update is stored; tells the coordinator.</summary>
    public void EndCommit(UpdateCommitted update)
    {
        Action<UpdateCommitted> onStored;
        lock (_gate)
        {
            _updates[update.AssignmentId] = new UpdateEntry(UpdateProgress.Stored, update, _functions.Time.GetTimestamp(), _order++);
            _lost.Remove(update.AssignmentId);
            onStored = _onStored;
        }

        _functions.Load.Arrived();
        onStored(update);
    }

    /// <summary>False when the update is unknown or a leaf has had it: events may come twice.</summary>
    public bool TryBeginSum(string assignmentId)
    {
        lock (_gate)
        {
            if (!_updates.TryGetValue(assignmentId, out UpdateEntry? entry) || entry.Progress != UpdateProgress.Stored)
            {
                return false;
            }

            _updates[assignmentId] = entry with { Progress = UpdateProgress.Summing };
            return true;
        }
    }

    /// <summary>Takes a stored update of a round that retains out of its slot for a while; false when it is not there to be taken.</summary>
    public bool TryBeginSpill(string assignmentId)
    {
        lock (_gate)
        {
            if (!_isOpen || !_updates.TryGetValue(assignmentId, out UpdateEntry? entry) || entry.Progress != UpdateProgress.Stored)
            {
                return false;
            }

            _updates[assignmentId] = entry with { Progress = UpdateProgress.Spilling };
            return true;
        }
    }

    /// <summary>The update is stored again, on disk or where it was.</summary>
    public void EndSpill(string assignmentId)
    {
        lock (_gate)
        {
            _updates[assignmentId] = _updates[assignmentId] with { Progress = UpdateProgress.Stored };
        }
    }

    /// <summary>The update could not be read; it is lost and may be uploaded again.</summary>
    public void DropSum(string assignmentId)
    {
        lock (_gate)
        {
            _updates.Remove(assignmentId);
            _lost.Add(assignmentId);
            _arrived -= _unwanted.Remove(assignmentId) ? 0 : 1;
            EndPending_NeedsLock();
        }
    }

    /// <summary>Takes no more updates from now on.</summary>
    /// <returns>Stored updates that nobody has offered for summing yet.</returns>
    public IReadOnlyList<UpdateCommitted> BeginClose()
    {
        lock (_gate)
        {
            _isOpen = false;
            return [.. _updates.Values.Where(entry => entry.Progress == UpdateProgress.Stored).Select(entry => entry.Update!)];
        }
    }

    /// <summary>Waits until every stored update is summed and the sums are one partial; the round takes no more updates.</summary>
    /// <exception cref="InvalidOperationException">Summing had failed; the round can only be abandoned.</exception>
    public async Task<NodePartial> PartialAsync(CancellationToken cancellationToken)
    {
        if (!_plan.IsMean)
        {
            throw new InvalidOperationException($"Round {_plan.Key} has the rule '{_plan.Rule}': its updates are kept, so there are no sums to hand over.");
        }

        await StopAsync(cancellationToken);
        lock (_gate)
        {
            if (_fault is not null)
            {
                throw new InvalidOperationException($"Round {_plan.Key} cannot be closed: summing an update failed. Abandon it.", _fault);
            }

            UpdateCommitted[] included = [.. _updates.Values
                .Where(entry => entry.Progress == UpdateProgress.Summed).Select(entry => entry.Update!)];
            return new NodePartial(included, included.Length == 0 ? null : Sums.Partial());
        }
    }

    /// <summary>Takes no more updates from now on, waits for the pending ones and divides.</summary>
    /// <exception cref="InvalidOperationException">Summing had failed; the round can only be abandoned.</exception>
    public async Task<ClosedRound> CloseAsync(CancellationToken cancellationToken)
    {
        if (!_plan.IsMean)
        {
            return await CloseByRuleAsync(cancellationToken);
        }

        NodePartial partial = await PartialAsync(cancellationToken);
        lock (_gate)
        {
            return _result ??= partial.Report(_functions);
        }
    }

    /// <summary>The sections of a closed round that the plan wants update by update; decoded or copied anew with each call.</summary>
    public IReadOnlyList<KeptValues> HandOver()
    {
        LeafInput[] kept;
        lock (_gate)
        {
            if (_plan.IsMean)
            {
                return [.. _copies.Values.Select(copy => copy with { Values = [.. copy.Values] })];
            }

            kept = [.. _kept];
        }

        return _rule is null ? [] : [.. KeptSections.Of(_plan, kept.Select(input => (input.Update, Retained(input))))];
    }

    /// <summary>Takes no more updates from now on, waits for the pending ones, and gives what is kept; it stays here.</summary>
    public async Task<IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>> KeptAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        lock (_gate)
        {
            return [.. _kept.Select(input => (input.Update, Retained(input)))];
        }
    }

    /// <summary>Takes no more updates from now on, and frees those that are offered instead of summing them.</summary>
    /// <returns>Stored updates that nobody has offered yet.</returns>
    public IReadOnlyList<UpdateCommitted> BeginEnd()
    {
        Volatile.Write(ref _isEnded, true);
        return BeginClose();
    }

    /// <summary>After <see cref="BeginEnd"/>: waits for the pending updates, and gives the sums back.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        Sums.Release();
        LeafInput[] kept;
        lock (_gate)
        {
            kept = [.. _kept];
            _kept.Clear();
            _copies.Clear();
        }

        foreach (LeafInput input in kept)
        {
            input.Payload.Release();
            _store.SlotFreed();
        }
    }

    /// <summary>What people who look at the live tree see of the node.</summary>
    public NodeRoundView View(string nodeId)
    {
        int stored;
        int summed;
        lock (_gate)
        {
            stored = _updates.Values.Count(entry => entry.Update is not null);
            summed = _updates.Values.Count(entry => entry.Progress == UpdateProgress.Summed);
        }

        return new NodeRoundView(nodeId, stored, summed, Sums.Waiting, Sums.View());
    }

    private async Task<ClosedRound> CloseByRuleAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        LeafInput[] kept;
        lock (_gate)
        {
            if (_result is not null)
            {
                return _result;
            }

            // Not in the order of arrival: a rule that draws gives the same result when the round is closed again. Where the updates are handed over, their
            // order is the receiver's matter, and is kept.
            kept = _plan.KeepsUpdates
                ? [.. _kept.OrderBy(input => _updates[input.Update.AssignmentId].Order)]
                : [.. _kept.OrderBy(input => input.Update.AssignmentId, StringComparer.Ordinal)];
        }

        ClosedRound closed = await Task.Run(() => Aggregate(kept), cancellationToken);
        lock (_gate)
        {
            return _result ??= closed;
        }
    }

    private static RetainedUpdate Retained(LeafInput input) => new(input.Payload.Memory, input.Update.Weight, input.Sections);

    private static RetainedAggregation RuleOf(RoundPlan plan) => new(plan.Sections, RuleCatalog.Create(plan.Rule, plan.Byzantine), plan.RuleSeed, plan.HandedOver);

    private static RoundColumns ColumnsOf(RetainedAggregation rule, RoundPlan plan, NodeFunctions functions)
    {
        var columns = new RoundColumns(functions, plan.Sections, rule.GrowingSections);
        foreach (int section in rule.GrowingSections)
        {
            if (rule.CentreOf(section, plan.Centres) is { } centre)
            {
                columns.Start(section, centre);
            }
        }

        return columns;
    }

    private ClosedRound Aggregate(LeafInput[] kept)
    {
        UpdateCommitted[] included = [.. kept.Select(input => input.Update)];
        if (kept.Length == 0)
        {
            return new ClosedRound([], included);
        }

        if (_plan.KeepsUpdates)
        {
            return new ClosedRound([], included) { Kept = [.. KeptSections.Of(_plan, kept.Select(input => (input.Update, Retained(input))))] };
        }

        long started = _functions.Time.GetTimestamp();
        try
        {
            RetainedReport report = _rule!.Report(
                _plan.Key,
                [.. kept.Select(Retained)],
                _plan.Centres,
                (section, carriers) => _columns?.Products(section, carriers.Select(k => kept[k])));
            _functions.Metrics.Aggregated(TreeRole.Top, kept.Length, _functions.Time.GetElapsedTime(started));
            return new ClosedRound(report.Sections, included) { Scores = report.Scores };
        }
        catch (ArgumentException exception)
        {
            throw new InvalidOperationException($"Round {_plan.Key} cannot be aggregated: {exception.Message}", exception);
        }
    }

    private void CopyHandedOver(LeafInput input)
    {
        if (_plan.HandedOver.IsDefaultOrEmpty)
        {
            return;
        }

        KeptValues[] copies = [.. KeptSections.Of(_plan, [(input.Update, Retained(input))])];
        lock (_gate)
        {
            foreach (KeptValues copy in copies.Where(_ => !_isEnded))
            {
                _copies[(copy.AssignmentId, copy.Role)] = copy;
            }
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        Task drained = Task.CompletedTask;
        lock (_gate)
        {
            _isOpen = false;
            if (_pending > 0)
            {
                _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                drained = _drained.Task;
            }
        }

        await drained.WaitAsync(cancellationToken);
        await Sums.QuietAsync().WaitAsync(cancellationToken);
        if (_columns is not null)
        {
            await _columns.QuietAsync().WaitAsync(cancellationToken);
        }
    }

    /// <summary>The update is in the sums, or dropped with them; its slot is free.</summary>
    private void EndSum(LeafInput input)
    {
        input.Payload.Release();
        _store.SlotFreed();
        lock (_gate)
        {
            EndPending_NeedsLock(input);
        }
    }

    private void Spoil(Exception fault)
    {
        lock (_gate)
        {
            _fault ??= fault;
        }
    }

    private ReopenedRound Holdings_NeedsLock() => new(
        [.. _updates.Values.Where(entry => entry.Update is not null).Select(entry => entry.Update!)], [.. _lost]);

    private void EndPending_NeedsLock(LeafInput input)
    {
        UpdateEntry entry = _updates[input.Update.AssignmentId];
        _updates[input.Update.AssignmentId] = entry with { Progress = UpdateProgress.Summed };
        _functions.Load.Summed(entry.StoredAt);
        EndPending_NeedsLock();
    }

    private void EndPending_NeedsLock()
    {
        _pending--;
        if (_pending == 0)
        {
            _drained?.TrySetResult();
            _drained = null;
        }
    }

    private bool IsFull_NeedsLock => _plan.IsBuffer && _arrived >= _plan.Capacity;

    private sealed record UpdateEntry(UpdateProgress Progress, UpdateCommitted? Update, long StoredAt, int Order);
}
