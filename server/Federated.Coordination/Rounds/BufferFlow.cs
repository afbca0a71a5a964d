using Federated.Protocol;
using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>
/// A round that is a buffer of an asynchronous job: whoever waits gets a task, and the buffer closes when it is full. The assignments go from buffer to buffer: they are in the open round
/// while that is a buffer, and aside while the job does something else; one leaves when its update is in a version, or can be in none any more.
/// </summary>
internal sealed class BufferFlow(OpenRound round, CheckInDesk desk, PopulationEstimate population)
{
    private readonly List<Assignment> _aside = [];
    private DateTimeOffset? _firstStoredAt;
    private int _number;
    private int _issued;

    /// <summary>Assignments whose updates the next buffer takes; empty while a buffer is open.</summary>
    public IReadOnlyList<Assignment> Aside => _aside;

    /// <summary>Whether the buffer gives out no further tasks; it still takes updates, and closes when it is full.</summary>
    public bool IsDraining { get; set; }

    private RoundAssignments Assignments => round.Assignments;

    private RoundTerms Terms => round.Terms!;

    private DateTimeOffset? FlushAt =>
        Assignments.Stored >= Terms.Minimum && Assignments.Stored > 0 ? _firstStoredAt + Terms.Buffer!.FlushAfter : null;

    // ---- A buffer opens, and again after a restart -------------------------------------------------------------------

    /// <summary>A buffer opens: what is aside belongs to it.</summary>
    public void Begin()
    {
        _number = round.Key!.Round;
        _issued = 0;
        _firstStoredAt = null;
        foreach (Assignment assignment in _aside)
        {
            Assignments.Add(assignment);
        }

        _aside.Clear();
    }

    /// <summary>The open buffer has been filled with what was known before a restart.</summary>
    public void Resumed(DateTimeOffset now)
    {
        _issued = Assignments.All.Where(assignment => assignment.Round == _number).Select(assignment => assignment.Number + 1).DefaultIfEmpty().Max();
        _firstStoredAt = Assignments.Stored > 0 ? now : null;
    }

    /// <summary>Asks for the updates that came while no buffer was open, and were refused.</summary>
    public void AskAgain()
    {
        foreach (Assignment assignment in Assignments.All)
        {
            assignment.MayBeLost |= assignment.State == AssignmentState.Outstanding;
        }

        // Who waits for a task with such an update in hand hears it at once.
        foreach (Candidate candidate in desk.All.Where(candidate => Assignments.FindOf(candidate.DeviceId) is { MayBeLost: true } held && held.Id == candidate.HeldAssignment).ToArray())
        {
            desk.RejectDevice(candidate.DeviceId, RejectionReason.NoWork, TimeSpan.Zero);
        }
    }

    // ---- While it is open --------------------------------------------------------------------------------------------

    public void Stored(DateTimeOffset now) => _firstStoredAt ??= now;

    /// <summary>When <see cref="Advance"/> has something to do next; null for never.</summary>
    public DateTimeOffset? NextTick()
    {
        if (round.Phase != RoundPhase.Reporting)
        {
            return null;
        }

        DateTimeOffset? next = FlushAt;
        foreach (Assignment assignment in Assignments.All)
        {
            if (assignment.State == AssignmentState.Outstanding && !(assignment.ReportBy >= next))
            {
                next = assignment.ReportBy;
            }
        }

        return next;
    }

    /// <summary>Closes the buffer when it is ready, and else gives those who wait a task.</summary>
    public void Advance(DateTimeOffset now)
    {
        if (round.Phase != RoundPhase.Reporting)
        {
            return;
        }

        TimeOut(now);
        if (WhyReady(now) is { } reason)
        {
            round.Close(reason);
            return;
        }

        if (IsDraining)
        {
            return;
        }

        foreach (Candidate candidate in desk.All.ToArray())
        {
            if (Again(candidate, now + Terms.ReportingTime) is { } again)
            {
                desk.Take(candidate);
                round.Redeliver(candidate.CallId, again);
            }
        }

        int free = Terms.Target - Assignments.Outstanding;
        if (free > 0 && desk.FindEligible(round.Key!.Kind, IsFree) > 0)
        {
            round.Assign(free, () => _issued++, now);
        }
    }

    // ---- It closes, and after that -----------------------------------------------------------------------------------

    /// <summary>
    /// Too few of its updates can be used: what the algorithm refused takes no place in the buffer any more, what was lost while it closed is asked for again.
    /// </summary>
    /// <param name="included">Ids of the updates that the tier handed over.</param>
    /// <param name="offers">What the algorithm made of them.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when the flush time has passed, so that those that are left are enough.</returns>
    public bool TryRefill(IReadOnlySet<string> included, BufferOffers offers, DateTimeOffset now)
    {
        foreach (Assignment assignment in Assignments.All)
        {
            if (offers.Refused.TryGetValue(assignment.Id, out string? refusal))
            {
                Assignments.SetRefused(assignment, refusal);
            }
            else if (!included.Contains(assignment.Id))
            {
                if (assignment.State == AssignmentState.Stored)
                {
                    Assignments.SetLost(assignment);
                }
            }
            else if (assignment.State is AssignmentState.Outstanding or AssignmentState.Failed)
            {
                // The tier's word of it is still on its way.
                Assignments.SetStored(assignment, now);
            }
        }

        _firstStoredAt = offers.First is { } first ? Assignments.Find(first)!.StoredAt : null;
        if (WhyReady(now) is not null)
        {
            return false;
        }

        round.Phase = RoundPhase.Reporting;
        return true;
    }

    /// <summary>The buffer has become a version: settles what is in it, and what the next buffer would refuse.</summary>
    public void Settle(BufferOutcome outcome)
    {
        int maxStaleness = Terms.Buffer!.MaxStaleness;
        foreach (Assignment assignment in Assignments.All)
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
            else if (_number + 1 - assignment.Round > maxStaleness)
            {
                Discard(assignment, assignment.Reason ?? $"More than {maxStaleness} versions were made before the update arrived.");
            }
            else if (assignment.State == AssignmentState.Stored)
            {
                Assignments.SetLost(assignment);
            }
        }
    }

    /// <summary>The job ends: nothing that is left can count.</summary>
    public void DiscardRest(string reason)
    {
        foreach (Assignment assignment in Assignments.All.Concat(_aside))
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
        foreach (Assignment assignment in Assignments.All)
        {
            if (assignment.State is not (AssignmentState.Counted or AssignmentState.Discarded))
            {
                // Nothing can be sent again before a buffer is open.
                assignment.MayBeLost = false;
                _aside.Add(assignment);
            }
        }
    }

    public void PutAside(IEnumerable<Assignment> waiting) => _aside.AddRange(waiting);

    public Assignment? Find(string assignmentId) => _aside.Find(assignment => assignment.Id == assignmentId);

    public Assignment? FindOf(string deviceId) => _aside.FindLast(assignment => assignment.DeviceId == deviceId);

    /// <summary>Forgets what is aside.</summary>
    public void Clear() => _aside.Clear();

    private string? WhyReady(DateTimeOffset now) =>
        Assignments.Stored >= Terms.Goal ? "The buffer is full."
        : FlushAt <= now ? $"{Assignments.Stored} updates are enough after the flush time."
        : null;

    /// <summary>Devices that are silent for too long make room for others. Their updates count all the same when they come while their tickets hold.</summary>
    private void TimeOut(DateTimeOffset now)
    {
        foreach (Assignment assignment in Assignments.All)
        {
            if (assignment.State == AssignmentState.Outstanding && assignment.ReportBy <= now)
            {
                Assignments.SetFailed(assignment, ErrorKinds.TimedOut, "No update arrived in time.");
                assignment.MayBeLost = false;
                population.Gone(assignment.DeviceId);
            }
        }
    }

    /// <summary>
    /// The task that a device gets again: one of this buffer that it has given up or lost, because the answer did not arrive or its application was started anew. One of an earlier
    /// buffer is given up instead, and the device gets a task with the present version.
    /// </summary>
    private Assignment? Again(in Candidate candidate, DateTimeOffset reportBy)
    {
        if (Assignments.FindOf(candidate.DeviceId) is not { State: AssignmentState.Outstanding or AssignmentState.Failed } held
            || candidate.HeldAssignment == held.Id)
        {
            return null;
        }

        if (held.Round == _number)
        {
            Assignments.SetOutstanding(held);
            held.ReportBy = reportBy;
            return held;
        }

        if (held.State == AssignmentState.Outstanding)
        {
            Assignments.SetFailed(held, ErrorKinds.DroppedOut, "The device asked for another task.");
        }

        return null;
    }

    /// <summary>Whether a device may be given a task: not a second one of this buffer, nor while it works, nor while its last update waits.</summary>
    private bool IsFree(string deviceId) => Assignments.FindOf(deviceId) is not { } held || (held.State == AssignmentState.Failed && held.Round != _number);

    private static void Discard(Assignment assignment, string reason)
    {
        assignment.State = AssignmentState.Discarded;
        assignment.Reason = reason;
    }
}
