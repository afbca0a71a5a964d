using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// A round at this node: which updates have come how far, and the leaf that sums them. An update is claimed by its upload,
/// committed, stored, summed; from commit to sum it is pending, and a closing round waits for the pending ones.
/// </summary>
internal sealed class NodeRound(RoundPlan plan, Action<UpdateCommitted> onStored)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, UpdateEntry> _updates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private readonly Lazy<AggregationFunction> _leaf = new(() => new AggregationFunction(plan.Sections));
    private Action<UpdateCommitted> _onStored = onStored;
    private volatile RoundPlan _plan = plan;
    private TaskCompletionSource? _drained;
    private Exception? _fault;
    private ClosedRound? _result;
    private bool _isOpen = true;
    private bool _isEnded;
    private int _pending;

    public RoundPlan Plan => _plan;

    /// <summary>Updates that a worker has taken and that wait for their sum.</summary>
    public LeafQueue Waiting { get; } = new();

    /// <summary>The sums; touched by the one worker that sums at a time.</summary>
    public AggregationFunction Leaf => _leaf.Value;

    /// <summary>The round was abandoned or forgotten: what is pending is freed, not summed.</summary>
    public bool IsEnded => Volatile.Read(ref _isEnded);

    /// <summary>Opens the round again under a plan of the same or a later writer.</summary>
    public ReopenedRound Reopen(RoundPlan plan, Action<UpdateCommitted> onStored)
    {
        lock (_gate)
        {
            _plan = plan;
            _onStored = onStored;
            _isOpen = true;
            _result = null;
            return new ReopenedRound(
                [.. _updates.Values.Where(entry => entry.Update is not null).Select(entry => entry.Update!)], [.. _lost]);
        }
    }

    /// <summary>Adds an update that an earlier process had stored; it is pending from now on.</summary>
    public void AddRecovered(UpdateCommitted update)
    {
        lock (_gate)
        {
            _updates.Add(update.AssignmentId, new UpdateEntry(UpdateProgress.Stored, update));
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

            _updates.Add(assignmentId, new UpdateEntry(UpdateProgress.Uploading, null));
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

    /// <summary>The upload is complete and about to be stored; false when the round has closed meanwhile.</summary>
    public bool TryBeginCommit()
    {
        lock (_gate)
        {
            if (_isOpen)
            {
                _pending++;
            }

            return _isOpen;
        }
    }

    /// <summary>Storing failed; the claim stays with the caller.</summary>
    public void CancelCommit()
    {
        lock (_gate)
        {
            EndPending_NeedsLock();
        }
    }

    /// <summary>The update is stored; tells the coordinator.</summary>
    public void EndCommit(UpdateCommitted update)
    {
        Action<UpdateCommitted> onStored;
        lock (_gate)
        {
            _updates[update.AssignmentId] = new UpdateEntry(UpdateProgress.Stored, update);
            _lost.Remove(update.AssignmentId);
            onStored = _onStored;
        }

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

    /// <summary>The update is in the leaf's sums, or, with a fault, has spoiled them.</summary>
    public void EndSum(string assignmentId, Exception? fault)
    {
        lock (_gate)
        {
            _fault ??= fault;
            _updates[assignmentId] = _updates[assignmentId] with { Progress = UpdateProgress.Summed };
            EndPending_NeedsLock();
        }
    }

    /// <summary>The update could not be read; it is lost and may be uploaded again.</summary>
    public void DropSum(string assignmentId)
    {
        lock (_gate)
        {
            _updates.Remove(assignmentId);
            _lost.Add(assignmentId);
            EndPending_NeedsLock();
        }
    }

    /// <summary>Takes no more updates from now on, waits for the pending ones and reports.</summary>
    /// <exception cref="InvalidOperationException">Summing had failed; the round can only be abandoned.</exception>
    public async Task<ClosedRound> CloseAsync(CancellationToken cancellationToken)
    {
        await StopAsync().WaitAsync(cancellationToken);
        lock (_gate)
        {
            if (_fault is not null)
            {
                throw new InvalidOperationException($"Round {_plan.Key} cannot be closed: summing an update failed. Abandon it.", _fault);
            }

            return _result ??= Report_NeedsLock();
        }
    }

    /// <summary>Takes no more updates, and waits while the pending ones are freed instead of summed.</summary>
    public Task EndAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _isEnded, true);
        return StopAsync().WaitAsync(cancellationToken);
    }

    private Task StopAsync()
    {
        lock (_gate)
        {
            _isOpen = false;
            if (_pending == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    private ClosedRound Report_NeedsLock()
    {
        UpdateCommitted[] included = [.. _updates.Values
            .Where(entry => entry.Progress == UpdateProgress.Summed).Select(entry => entry.Update!)];
        return new ClosedRound(included.Length == 0 ? [] : Leaf.Report(), included);
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

    private sealed record UpdateEntry(UpdateProgress Progress, UpdateCommitted? Update);
}
