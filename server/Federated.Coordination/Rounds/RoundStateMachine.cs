using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>
/// The rounds of one job: selection, configuration, reporting, closing. Pure: events and the present time go in,
/// decisions come out, and nothing else happens. The live coordinator and the simulator drive the same machine. How a round
/// is filled and when it ends is in <see cref="CohortFlow"/>, or <see cref="BufferFlow"/> for a buffer of an asynchronous job.
/// </summary>
/// <remarks>
/// After each event the driver takes the decisions with <see cref="TryTake"/> and carries them out in order. It answers
/// <see cref="RoundDecisionKind.Assign"/> decisions of the configuration phase with <see cref="Configured"/>, and a
/// <see cref="RoundDecisionKind.Close"/> or <see cref="RoundDecisionKind.Abandon"/> with <see cref="Settle"/> or
/// <see cref="SettleAbandoned"/>, then <see cref="Finish"/>; a <see cref="RoundDecisionKind.Skip"/> with <see cref="Finish"/> alone. Not safe for use by several threads.
/// </remarks>
public sealed class RoundStateMachine
{
    private readonly PopulationEstimate _population;
    private readonly Queue<RoundDecision> _decisions = new();
    private readonly CheckInDesk _desk;
    private readonly OpenRound _round;
    private readonly CohortFlow _cohort;
    private readonly BufferFlow _buffer;
    private DateTimeOffset _advancedAt;

    /// <summary>Creates a machine without a round.</summary>
    /// <param name="selection">Picks the cohort among the devices that wait.</param>
    /// <param name="pace">Spreads the retries of the rejected.</param>
    /// <param name="population">Estimates how many devices there are.</param>
    /// <param name="maxWaiting">Check-ins that may wait at once; more are rejected at once.</param>
    public RoundStateMachine(ISelectionStrategy selection, PaceSteering pace, PopulationEstimate population, int maxWaiting = 10_000)
    {
        _population = population;
        _desk = new CheckInDesk(pace, population, maxWaiting, _decisions);
        _round = new OpenRound(selection, _desk, _decisions);
        _cohort = new CohortFlow(_round, _desk, population);
        _buffer = new BufferFlow(_round, _desk, population);
    }

    /// <summary>Where the machine stands.</summary>
    public RoundPhase Phase => _round.Phase;

    /// <summary>The round that is open; null when idle.</summary>
    public RoundKey? Key => _round.Key;

    /// <summary>When reporting ends at the latest; meaningful from configuration on.</summary>
    public DateTimeOffset Deadline => _round.Deadline;

    /// <summary>The assignments of the open round, by number.</summary>
    public IReadOnlyList<Assignment> Assignments => _round.Assignments.All;

    /// <summary>Assignments of an asynchronous job whose updates the next buffer takes; empty while a buffer is open.</summary>
    public IReadOnlyList<Assignment> Aside => _buffer.Aside;

    /// <summary>Whether a buffer gives out no further tasks; it still takes updates, and closes when it is full.</summary>
    public bool IsDraining
    {
        get => _buffer.IsDraining;
        set => _buffer.IsDraining = value;
    }

    /// <summary>Updates of the open round that the tier has told of.</summary>
    public int StoredCount => _round.Assignments.Stored;

    /// <summary>Check-ins that wait for an answer.</summary>
    public int WaitingCount => _desk.Count;

    /// <summary>Devices that the selection phase still lacks; 0 in every other phase.</summary>
    public int Shortage => Phase == RoundPhase.Selection ? Math.Max(0, _round.Terms!.Target - _desk.Count) : 0;

    /// <summary>When <see cref="Tick"/> has something to do next; null for never.</summary>
    public DateTimeOffset? NextTick
    {
        get
        {
            DateTimeOffset? next = _desk.NextExpiry;
            DateTimeOffset? phase = _round.IsBuffer ? _buffer.NextTick() : _cohort.NextTick(_advancedAt);
            return next is null || phase < next ? phase ?? next : next;
        }
    }

    /// <summary>Takes the next decision; false when there is none.</summary>
    /// <param name="decision">The decision.</param>
    public bool TryTake(out RoundDecision decision) => _decisions.TryDequeue(out decision);

    /// <summary>Starts the selection of a round. Only when idle.</summary>
    /// <param name="key">A key that was never used before.</param>
    /// <param name="terms">How the round is filled and when it ends.</param>
    /// <param name="now">The time.</param>
    public void Begin(RoundKey key, RoundTerms terms, DateTimeOffset now)
    {
        _round.Begin(key, terms);
        if (_round.IsBuffer)
        {
            _buffer.Begin();
            _round.Deadline = now + terms.ReportingTime;
            _round.Phase = RoundPhase.Configuration;
            _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Open));
            return;
        }

        _cohort.Begin(now);
        Advance(now);
    }

    /// <summary>Takes up a round that was open before a restart. Only when idle; every assignment is given as it is stored.</summary>
    /// <param name="key">The round.</param>
    /// <param name="terms">How the round is filled and when it ends.</param>
    /// <param name="deadline">When reporting ends now.</param>
    /// <param name="assignments">The assignments by number, outstanding or failed.</param>
    /// <param name="stored">Ids of the updates that the tier has recovered.</param>
    /// <param name="now">The time.</param>
    public void Resume(
        RoundKey key,
        RoundTerms terms,
        DateTimeOffset deadline,
        IEnumerable<Assignment> assignments,
        IReadOnlySet<string> stored,
        DateTimeOffset now)
    {
        _round.Begin(key, terms);
        _round.Deadline = deadline;
        if (_round.IsBuffer)
        {
            _buffer.Begin();
        }
        else
        {
            _cohort.Resume(now);
        }

        foreach (Assignment assignment in assignments)
        {
            _round.Assignments.Add(assignment);
            if (stored.Contains(assignment.Id))
            {
                _round.Assignments.SetStored(assignment, now);
            }
            else
            {
                assignment.MayBeLost = true;
            }
        }

        _buffer.Resumed(now);
        _round.Phase = RoundPhase.Reporting;
        Advance(now);
    }

    /// <summary>Takes up what an asynchronous job has given out while no buffer is open: after a restart.</summary>
    /// <param name="assignments">Outstanding or failed ones.</param>
    public void PutAside(IEnumerable<Assignment> assignments) => _buffer.PutAside(assignments);

    /// <summary>
    /// Updates that came while no buffer was open were refused: their devices are told to send them again. Call it when a buffer opens that did not open together with the closing of
    /// the one before.
    /// </summary>
    public void AskAgain() => _buffer.AskAgain();

    /// <summary>A device is ready to work. An earlier check-in of the same device that still waits is superseded.</summary>
    /// <param name="candidate">The device and its call.</param>
    /// <param name="now">The time.</param>
    public void CheckIn(in Candidate candidate, DateTimeOffset now)
    {
        _desk.Arrive(candidate, now);
        if (!_round.IsBuffer && _cohort.Again(candidate) is { } held)
        {
            _round.Redeliver(candidate.CallId, held);
            return;
        }

        if (_desk.TryWait(candidate, _round.IsOpen, _round.Terms, now))
        {
            Tick(now);
        }
    }

    /// <summary>The caller of a check-in has gone; it is not answered any more.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="callId">The check-in.</param>
    public void Leave(string deviceId, long callId) => _desk.Leave(deviceId, callId);

    /// <summary>The assignments of the configuration phase are written down and the tier is open: reporting starts.</summary>
    /// <param name="now">The time.</param>
    public void Configured(DateTimeOffset now)
    {
        _round.Require(RoundPhase.Configuration);
        _round.Phase = RoundPhase.Reporting;
        Advance(now);
    }

    /// <summary>The tier has stored an update.</summary>
    /// <param name="assignmentId">Its assignment.</param>
    /// <param name="now">The time.</param>
    public StoredOutcome Stored(string assignmentId, DateTimeOffset now)
    {
        if (_round.Assignments.Find(assignmentId) is not { } assignment)
        {
            return StoredOutcome.Unknown;
        }

        if (assignment.State is not (AssignmentState.Outstanding or AssignmentState.Failed))
        {
            return StoredOutcome.Duplicate;
        }

        _round.Assignments.SetStored(assignment, now);
        _buffer.Stored(now);
        Advance(now);
        return StoredOutcome.Accepted;
    }

    /// <summary>A node of the tier was lost: the devices of these assignments have to send their updates to another one.</summary>
    /// <param name="assignmentIds">Assignments that were placed on the node or stored there; unknown ids are passed over.</param>
    /// <param name="now">The time.</param>
    /// <returns>Those of the open round.</returns>
    public IReadOnlyList<Assignment> Lost(IEnumerable<string> assignmentIds, DateTimeOffset now)
    {
        var lost = new List<Assignment>();
        foreach (string id in assignmentIds)
        {
            if (_round.Assignments.Find(id) is { State: AssignmentState.Outstanding or AssignmentState.Stored } assignment)
            {
                _round.Assignments.SetLost(assignment);
                lost.Add(assignment);
            }
        }

        Advance(now);
        return lost;
    }

    /// <summary>A device has given its task up, or is not wanted any more.</summary>
    /// <param name="assignmentId">The task.</param>
    /// <param name="deviceId">Who says so; another device's word is ignored.</param>
    /// <param name="kind">A stable kind.</param>
    /// <param name="message">The error's text.</param>
    /// <param name="now">The time.</param>
    public FailureOutcome Failed(string assignmentId, string deviceId, string kind, string message, DateTimeOffset now)
    {
        if (_round.Assignments.Find(assignmentId) is not { } assignment || assignment.DeviceId != deviceId)
        {
            return FailureOutcome.Unknown;
        }

        if (assignment.State != AssignmentState.Outstanding)
        {
            return FailureOutcome.Ignored;
        }

        _round.Assignments.SetFailed(assignment, kind, message);
        _population.Gone(deviceId);
        Advance(now);
        return FailureOutcome.Accepted;
    }

    /// <summary>Time has passed.</summary>
    /// <param name="now">The time.</param>
    public void Tick(DateTimeOffset now)
    {
        Advance(now);
        _desk.Expire(_round.IsOpen, _round.Terms, now);
    }

    /// <summary>The open buffer is filled in another way from now on; nothing when none is open.</summary>
    /// <param name="terms">How.</param>
    /// <param name="now">The time.</param>
    public void ChangeBuffer(RoundTerms terms, DateTimeOffset now)
    {
        if (_round.IsOpen && _round.IsBuffer)
        {
            _round.Terms = terms;
            Tick(now);
        }
    }

    /// <summary>Rejects every check-in that waits.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="retryAfter">When to check in again.</param>
    public void RejectWaiting(RejectionReason reason, TimeSpan retryAfter) => _desk.RejectAll(reason, retryAfter);

    /// <summary>Rejects the check-in of one device, if it waits.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="reason">Why.</param>
    /// <param name="retryAfter">When to check in again.</param>
    public void RejectDevice(string deviceId, RejectionReason reason, TimeSpan retryAfter) => _desk.RejectDevice(deviceId, reason, retryAfter);

    /// <summary>The round is closed: gives each assignment its final state by what is in the aggregate, and by nothing else.</summary>
    /// <param name="included">Ids of the updates in the aggregate.</param>
    /// <exception cref="InvalidOperationException">The aggregate holds an update that was never assigned.</exception>
    public void Settle(IReadOnlySet<string> included)
    {
        _round.Require(RoundPhase.Closing);
        _cohort.Settle(included);
    }

    /// <summary>
    /// The round closed with too few updates, because a node was lost meanwhile: while there is time, devices report again. Those whose updates
    /// are not in the aggregate are asked to send them.
    /// </summary>
    /// <param name="included">Ids of the updates in the aggregate, which is dropped.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when the deadline has passed, or nothing was lost that could come again.</returns>
    public bool TryReopen(IReadOnlySet<string> included, DateTimeOffset now)
    {
        _round.Require(RoundPhase.Closing);
        return _cohort.TryReopen(included, now);
    }

    /// <summary>
    /// The buffer closed, and the algorithm can use too few of its updates for a full one: it takes others in the place of those that were refused, or lost meanwhile.
    /// </summary>
    /// <param name="included">Ids of the updates that the tier handed over.</param>
    /// <param name="offers">What the algorithm made of them.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when the flush time has passed, so that those that are left are enough.</returns>
    public bool TryRefill(IReadOnlySet<string> included, BufferOffers offers, DateTimeOffset now)
    {
        _round.Require(RoundPhase.Closing);
        return _buffer.TryRefill(included, offers, now);
    }

    /// <summary>The buffer has become a version: settles its updates, and what the next buffer would refuse.</summary>
    /// <param name="outcome">What became of the updates.</param>
    public void SettleBuffer(BufferOutcome outcome)
    {
        _round.Require(RoundPhase.Closing);
        _buffer.Settle(outcome);
    }

    /// <summary>The asynchronous job ends: discards whatever is not settled.</summary>
    /// <param name="reason">One sentence for those that have none of their own.</param>
    public void DiscardRest(string reason) => _buffer.DiscardRest(reason);

    /// <summary>The round is abandoned: no assignment counts.</summary>
    /// <param name="reason">One sentence.</param>
    public void SettleAbandoned(string reason) => _cohort.SettleAbandoned(reason);

    /// <summary>Forgets the round, whatever its phase; check-ins go on waiting for the next one. What a buffer has not settled is kept for the next.</summary>
    public void Finish()
    {
        if (_round.IsBuffer)
        {
            _buffer.KeepUnsettled();
        }

        _cohort.End();
        _round.End();
    }

    /// <summary>The assignment of that id, of the open round or one that waits for the next buffer; null when there is none.</summary>
    /// <param name="assignmentId">The id.</param>
    public Assignment? Find(string assignmentId) => _round.Assignments.Find(assignmentId) ?? _buffer.Find(assignmentId);

    /// <summary>Forgets what waits for the next buffer: it will be in no version.</summary>
    public void ForgetAside() => _buffer.Clear();

    /// <summary>The latest assignment of a device, of the open round or one that waits for the next buffer; null when there is none.</summary>
    /// <param name="deviceId">The device.</param>
    public Assignment? FindOf(string deviceId) => _round.Assignments.FindOf(deviceId) ?? _buffer.FindOf(deviceId);

    private void Advance(DateTimeOffset now)
    {
        _advancedAt = now;
        if (_round.IsBuffer)
        {
            _buffer.Advance(now);
        }
        else
        {
            _cohort.Advance(now);
        }
    }
}
