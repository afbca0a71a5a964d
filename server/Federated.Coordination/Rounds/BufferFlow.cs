using Federated.Protocol;

namespace Federated.Coordination.Rounds;

/// <summary>
/// The assignments of an asynchronous job from buffer to buffer. They are in the open round while that is a buffer, and aside while the job does something else; one leaves
/// when its update is in a version, or can be in none any more.
/// </summary>
internal sealed class BufferFlow(RoundAssignments assignments)
{
    private readonly List<Assignment> _aside = [];
    private DateTimeOffset? _firstStoredAt;
    private int _round;
    private int _issued;

    /// <summary>Assignments whose updates the next buffer takes; empty while a buffer is open.</summary>
    public IReadOnlyList<Assignment> Aside => _aside;

    /// <summary>A buffer opens: what is aside belongs to it.</summary>
    public void Begin(int round)
    {
        _round = round;
        _issued = 0;
        _firstStoredAt = null;
        foreach (Assignment assignment in _aside)
        {
            assignments.Add(assignment);
        }

        _aside.Clear();
    }

    /// <summary>The open buffer has been filled with what was known before a restart.</summary>
    public void Resumed(DateTimeOffset now)
    {
        _issued = assignments.All.Where(assignment => assignment.Round == _round).Select(assignment => assignment.Number + 1).DefaultIfEmpty().Max();
        _firstStoredAt = assignments.Stored > 0 ? now : null;
    }

    public Assignment? FindOf(string deviceId) => _aside.FindLast(assignment => assignment.DeviceId == deviceId);

    public void PutAside(IEnumerable<Assignment> waiting) => _aside.AddRange(waiting);

    public Assignment? Find(string assignmentId) => _aside.Find(assignment => assignment.Id == assignmentId);

    /// <summary>Position of the next assignment among those of this buffer.</summary>
    public int NextNumber() => _issued++;

    public void Stored(DateTimeOffset now) => _firstStoredAt ??= now;

    /// <summary>
    /// The buffer has closed, and too few of its updates can be used: what the algorithm refused takes no place in it any more, what was lost while it closed is asked for again.
    /// </summary>
    /// <param name="included">Ids of the updates that the tier handed over.</param>
    /// <param name="offers">What the algorithm made of them.</param>
    /// <param name="now">The time.</param>
    public void Refill(IReadOnlySet<string> included, BufferOffers offers, DateTimeOffset now)
    {
        foreach (Assignment assignment in assignments.All)
        {
            if (offers.Refused.TryGetValue(assignment.Id, out string? refusal))
            {
                assignments.SetRefused(assignment, refusal);
            }
            else if (!included.Contains(assignment.Id))
            {
                if (assignment.State == AssignmentState.Stored)
                {
                    assignments.SetLost(assignment);
                }
            }
            else if (assignment.State is AssignmentState.Outstanding or AssignmentState.Failed)
            {
                // The tier's word of it is still on its way.
                assignments.SetStored(assignment, now);
            }
        }

        _firstStoredAt = offers.First is { } first ? assignments.Find(first)!.StoredAt : null;
    }

    /// <summary>Why the buffer closes now; null when it does not.</summary>
    public string? WhyReady(RoundTerms terms, DateTimeOffset now) =>
        assignments.Stored >= terms.Goal ? "The buffer is full."
        : FlushAt(terms) <= now ? $"{assignments.Stored} updates are enough after the flush time."
        : null;

    /// <summary>Devices that are silent for too long make room for others. Their updates count all the same when they come while their tickets hold.</summary>
    /// <returns>The devices.</returns>
    public IReadOnlyList<string> TimeOut(DateTimeOffset now)
    {
        List<string> silent = [];
        foreach (Assignment assignment in assignments.All)
        {
            if (assignment.State == AssignmentState.Outstanding && assignment.ReportBy <= now)
            {
                assignments.SetFailed(assignment, ErrorKinds.TimedOut, "No update arrived in time.");
                assignment.MayBeLost = false;
                silent.Add(assignment.DeviceId);
            }
        }

        return silent;
    }

    /// <summary>
    /// The task that a device gets again: one of this buffer that it has given up or lost, because the answer did not arrive or its application was started anew. One of an earlier
    /// buffer is given up instead, and the device gets a task with the present version.
    /// </summary>
    public Assignment? Again(in Candidate candidate, DateTimeOffset reportBy)
    {
        if (assignments.FindOf(candidate.DeviceId) is not { State: AssignmentState.Outstanding or AssignmentState.Failed } held
            || candidate.HeldAssignment == held.Id)
        {
            return null;
        }

        if (held.Round == _round)
        {
            assignments.SetOutstanding(held);
            held.ReportBy = reportBy;
            return held;
        }

        if (held.State == AssignmentState.Outstanding)
        {
            assignments.SetFailed(held, ErrorKinds.DroppedOut, "The device asked for another task.");
        }

        return null;
    }

    /// <summary>
    /// Whether a device may be given a task: not a second one of this buffer, nor while it works, nor while its last update waits, so that a buffer has each device once.
    /// </summary>
    public bool IsFree(string deviceId) => assignments.FindOf(deviceId) is not { } held || (held.State == AssignmentState.Failed && held.Round != _round);

    public DateTimeOffset? NextTick(RoundTerms terms)
    {
        DateTimeOffset? next = FlushAt(terms);
        foreach (Assignment assignment in assignments.All)
        {
            if (assignment.State == AssignmentState.Outstanding && !(assignment.ReportBy >= next))
            {
                next = assignment.ReportBy;
            }
        }

        return next;
    }

    /// <summary>The buffer has become a version: settles what is in it, and what the next buffer would refuse.</summary>
    public void Settle(BufferOutcome outcome, BufferTerms terms)
    {
        foreach (Assignment assignment in assignments.All)
        {
            if (outcome.Counted.Contains(assignment.Id))
            {
                assignment.State = AssignmentState.Counted;
                assignment.Reason = null;
                assignment.FailureKind = null;
            }
            else if (outcome.Refused.TryGetValue(assignment.Id, out string? refusal))
            {
                Discard(assignment, refusal);
            }
            else if (assignment.State == AssignmentState.Refused)
            {
                Discard(assignment, assignment.Reason!);
            }
            else if (_round + 1 - assignment.Round > terms.MaxStaleness)
            {
                Discard(assignment, assignment.Reason ?? $"More than {terms.MaxStaleness} versions were made before the update arrived.");
            }
            else if (assignment.State == AssignmentState.Stored)
            {
                assignments.SetLost(assignment);
            }
        }
    }

    /// <summary>The job ends: nothing that is left can count.</summary>
    public void DiscardRest(string reason)
    {
        foreach (Assignment assignment in assignments.All.Concat(_aside))
        {
            if (assignment.State is not (AssignmentState.Counted or AssignmentState.Discarded))
            {
                Discard(assignment, assignment.Reason ?? reason);
            }
        }
    }

    /// <summary>The buffer is closed: keeps what is not settled for the next.</summary>
    public void KeepUnsettled()
    {
        foreach (Assignment assignment in assignments.All)
        {
            if (assignment.State is not (AssignmentState.Counted or AssignmentState.Discarded))
            {
                // Nothing can be sent again before a buffer is open.
                assignment.MayBeLost = false;
                _aside.Add(assignment);
            }
        }
    }

    /// <summary>Forgets what is aside.</summary>
    public void Clear() => _aside.Clear();

    private DateTimeOffset? FlushAt(RoundTerms terms) =>
        assignments.Stored >= terms.Minimum && assignments.Stored > 0 ? _firstStoredAt + terms.Buffer!.FlushAfter : null;

    private static void Discard(Assignment assignment, string reason)
    {
        assignment.State = AssignmentState.Discarded;
        assignment.Reason = reason;
    }
}
