using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// How far each update of a round has come at this node. An update is claimed by its upload, committed, stored, summed; from commit to sum it is pending, and a
/// closing round waits for the pending ones.
/// </summary>
internal sealed class UpdateLedger(RoundWriter writer, NodeLoadMeter load, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, UpdateEntry> _updates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unwanted = new(StringComparer.Ordinal);
    private volatile RoundWriter _writer = writer;
    private TaskCompletionSource? _drained;
    private bool _isOpen = true;
    private int _pending;
    private int _arrived;
    private int _order;

    /// <summary>The coordinator that has the round.</summary>
    public RoundWriter Writer => _writer;

    /// <summary>Whether the round takes updates.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _isOpen;
            }
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

    /// <summary>The updates that are in the sums, or kept.</summary>
    public UpdateCommitted[] Summed
    {
        get
        {
            lock (_gate)
            {
                return [.. _updates.Values.Where(entry => entry.Progress == UpdateProgress.Summed).Select(entry => entry.Update!)];
            }
        }
    }

    /// <summary>Takes updates, again, for the same or a later writer. Every stored update is in the answer, or the writer is told of it.</summary>
    public ReopenedRound Open(RoundWriter writer)
    {
        lock (_gate)
        {
            _writer = writer;
            _isOpen = true;
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

    /// <summary>Adds an update that an earlier process had stored; it is pending from now on.</summary>
    public void AddRecovered(UpdateCommitted update)
    {
        lock (_gate)
        {
            _updates.Add(update.AssignmentId, new UpdateEntry(UpdateProgress.Stored, update, time.GetTimestamp(), _order++));
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

            if (_writer.Plan.IsBuffer && !_writer.Wants(assignmentId))
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

    /// <summary>The update is stored; tells the coordinator.</summary>
    public void EndCommit(UpdateCommitted update)
    {
        RoundWriter writer;
        lock (_gate)
        {
            _updates[update.AssignmentId] = new UpdateEntry(UpdateProgress.Stored, update, time.GetTimestamp(), _order++);
            _lost.Remove(update.AssignmentId);
            writer = _writer;
        }

        load.Arrived();
        writer.OnStored(update);
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

    /// <summary>The update is in the sums, or kept, or dropped with the round.</summary>
    public void EndSum(string assignmentId)
    {
        lock (_gate)
        {
            UpdateEntry entry = _updates[assignmentId];
            _updates[assignmentId] = entry with { Progress = UpdateProgress.Summed };
            load.Summed(entry.StoredAt);
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
            _arrived -= _unwanted.Remove(assignmentId) ? 0 : 1;
            EndPending_NeedsLock();
        }
    }

    /// <summary>Takes no more updates from now on.</summary>
    /// <returns>Stored updates that nobody has offered for summing yet.</returns>
    public IReadOnlyList<UpdateCommitted> Close()
    {
        lock (_gate)
        {
            _isOpen = false;
            return [.. _updates.Values.Where(entry => entry.Progress == UpdateProgress.Stored).Select(entry => entry.Update!)];
        }
    }

    /// <summary>Takes no more updates from now on, and waits for the pending ones.</summary>
    public Task DrainAsync()
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

    /// <summary>Updates in the order in which they were stored.</summary>
    public LeafInput[] InOrderOfArrival(IEnumerable<LeafInput> inputs)
    {
        lock (_gate)
        {
            return [.. inputs.OrderBy(input => _updates[input.Update.AssignmentId].Order)];
        }
    }

    private ReopenedRound Holdings_NeedsLock() => new(
        [.. _updates.Values.Where(entry => entry.Update is not null).Select(entry => entry.Update!)], [.. _lost]);

    private void EndPending_NeedsLock()
    {
        _pending--;
        if (_pending == 0)
        {
            _drained?.TrySetResult();
            _drained = null;
        }
    }

    private bool IsFull_NeedsLock => _writer.Plan is { IsBuffer: true } plan && _arrived >= plan.Capacity;

    private sealed record UpdateEntry(UpdateProgress Progress, UpdateCommitted? Update, long StoredAt, int Order);
}
