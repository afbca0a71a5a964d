using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>A round at this node: the ledger of its updates, the functions that sum them or what is kept of them, and its closing and end.</summary>
internal sealed class NodeRound
{
    private readonly Lock _gate = new();
    private readonly UpdateStore _store;
    private readonly NodeFunctions _functions;
    private readonly KeptUpdates? _kept;
    private readonly SectionCopies? _copies;
    private Exception? _fault;
    private ClosedRound? _result;
    private bool _isEnded;

    public NodeRound(RoundWriter writer, NodeShare share, NodeFunctions functions, UpdateStore store)
    {
        _functions = functions;
        _store = store;
        RoundPlan plan = writer.Plan;
        _kept = plan.IsMean ? null : new KeptUpdates(plan, share.IsAlone, functions);
        _copies = plan.IsMean && !plan.HandedOver.IsDefaultOrEmpty ? new SectionCopies() : null;
        Updates = new UpdateLedger(writer, functions.Load, functions.Time);
        Sums = new RoundSums(functions, plan.Sections, share.Leaves, share.UpdatesPerLeaf, () => IsEnded, EndSum, Spoil);
    }

    public RoundPlan Plan => Updates.Writer.Plan;

    /// <summary>How far each update has come.</summary>
    public UpdateLedger Updates { get; }

    /// <summary>The functions of the round.</summary>
    public RoundSums Sums { get; }

    /// <summary>The round was abandoned or forgotten: what is pending is freed, not summed.</summary>
    public bool IsEnded => Volatile.Read(ref _isEnded);

    /// <summary>Whether stored updates wait for the closing before they are summed.</summary>
    public bool Retains => Plan.Timing == AggregationTimings.Lazy && Updates.IsOpen;

    /// <summary>Whether stored updates are taken at once although they are kept: their inner products grow meanwhile.</summary>
    public bool Grows => _kept is { Grow: true };

    /// <summary>Takes an update into the sums of the round, or keeps it as it is, where the plan has a rule other than the mean.</summary>
    public void Accept(LeafInput input)
    {
        if (_kept is null)
        {
            _copies?.Add(Plan, input);
            Sums.Offer(input);
            return;
        }

        // The end of the round waits for what is pending: it finds what is added here.
        bool isKept = !IsEnded;
        if (isKept)
        {
            _kept.Add(input);
        }

        Updates.EndSum(input.Update.AssignmentId);
        if (!isKept)
        {
            Release(input);
        }
    }

    /// <summary>The node stops: what is kept stays in the pool for the next process.</summary>
    public void PutBack()
    {
        foreach (LeafInput input in _kept?.TakeAll() ?? [])
        {
            input.Payload.PutBack();
        }
    }

    /// <summary>Opens the round again under a plan of the same or a later writer.</summary>
    public ReopenedRound Reopen(RoundWriter writer, NodeShare share)
    {
        Sums.Replan(share.Leaves, share.UpdatesPerLeaf);
        lock (_gate)
        {
            _result = null;
        }

        return Updates.Open(writer);
    }

    /// <summary>Waits until every stored update is summed and the sums are one partial; the round takes no more updates.</summary>
    /// <exception cref="InvalidOperationException">Summing had failed; the round can only be abandoned.</exception>
    public async Task<NodePartial> PartialAsync(CancellationToken cancellationToken)
    {
        if (!Plan.IsMean)
        {
            throw new InvalidOperationException($"Round {Plan.Key} has the rule '{Plan.Rule}': its updates are kept, so there are no sums to hand over.");
        }

        await StopAsync(cancellationToken);
        if (Volatile.Read(ref _fault) is { } fault)
        {
            throw new InvalidOperationException($"Round {Plan.Key} cannot be closed: summing an update failed. Abandon it.", fault);
        }

        UpdateCommitted[] included = Updates.Summed;
        return new NodePartial(included, included.Length == 0 ? null : Sums.Partial());
    }

    /// <summary>Takes no more updates from now on, waits for the pending ones, and divides or applies the rule.</summary>
    /// <exception cref="InvalidOperationException">Summing had failed, or the rule cannot work with these updates; the round can only be abandoned.</exception>
    public async Task<ClosedRound> CloseAsync(CancellationToken cancellationToken)
    {
        if (_kept is null)
        {
            NodePartial partial = await PartialAsync(cancellationToken);
            lock (_gate)
            {
                return _result ??= partial.Report(_functions);
            }
        }

        await StopAsync(cancellationToken);
        lock (_gate)
        {
            if (_result is not null)
            {
                return _result;
            }
        }

        // Not in the order of arrival: a rule that draws gives the same result when the round is closed again. Where the updates are handed over, their
        // order is the receiver's matter, and is kept.
        RoundPlan plan = Plan;
        LeafInput[] kept = plan.KeepsUpdates
            ? Updates.InOrderOfArrival(_kept.Inputs)
            : [.. _kept.Inputs.OrderBy(input => input.Update.AssignmentId, StringComparer.Ordinal)];
        ClosedRound closed = await Task.Run(() => _kept.Aggregate(plan, kept), cancellationToken);
        lock (_gate)
        {
            return _result ??= closed;
        }
    }

    /// <summary>The sections of a closed round that the plan wants update by update; decoded or copied anew with each call.</summary>
    public IReadOnlyList<KeptValues> HandOver() => _kept is null ? _copies?.HandOver() ?? [] : _kept.HandOver(Plan);

    /// <summary>Takes no more updates from now on, waits for the pending ones, and gives what is kept; it stays here.</summary>
    public async Task<IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>> KeptAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        return _kept?.All ?? [];
    }

    /// <summary>Takes no more updates from now on, and frees those that are offered instead of summing them.</summary>
    /// <returns>Stored updates that nobody has offered yet.</returns>
    public IReadOnlyList<UpdateCommitted> BeginEnd()
    {
        Volatile.Write(ref _isEnded, true);
        return Updates.Close();
    }

    /// <summary>After <see cref="BeginEnd"/>: waits for the pending updates, and gives the sums back.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        Sums.Release();
        _copies?.Clear();
        foreach (LeafInput input in _kept?.TakeAll() ?? [])
        {
            Release(input);
        }
    }

    /// <summary>What people who look at the live tree see of the node.</summary>
    public NodeRoundView View(string nodeId) => new(nodeId, Updates.StoredCount, Updates.Summed.Length, Sums.Waiting, Sums.View());

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await Updates.DrainAsync().WaitAsync(cancellationToken);
        await Sums.QuietAsync().WaitAsync(cancellationToken);
        if (_kept is not null)
        {
            await _kept.QuietAsync().WaitAsync(cancellationToken);
        }
    }

    /// <summary>The update is in the sums, or dropped with them; its slot is free.</summary>
    private void EndSum(LeafInput input)
    {
        Release(input);
        Updates.EndSum(input.Update.AssignmentId);
    }

    private void Release(LeafInput input)
    {
        input.Payload.Release();
        _store.SlotFreed();
    }

    private void Spoil(Exception fault) => Interlocked.CompareExchange(ref _fault, fault, null);
}
