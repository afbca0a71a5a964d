using System.Collections.Frozen;
using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>
/// The rounds of one job: selection, configuration, reporting, closing. Pure: events and the present time go in,
/// decisions come out, and nothing else happens. The live coordinator and the simulator drive the same machine.
/// </summary>
/// <remarks>
/// After each event the driver takes the decisions with <see cref="TryTake"/> and carries them out in order. It answers
/// <see cref="RoundDecisionKind.Assign"/> decisions of the configuration phase with <see cref="Configured"/>, and a
/// <see cref="RoundDecisionKind.Close"/> or <see cref="RoundDecisionKind.Abandon"/> with <see cref="Settle"/> or
/// <see cref="SettleAbandoned"/>, then <see cref="Finish"/>; a <see cref="RoundDecisionKind.Skip"/> with <see cref="Finish"/> alone. Not safe for use by several threads.
/// </remarks>
public sealed class RoundStateMachine
{
    private readonly ISelectionStrategy _selection;
    private readonly PopulationEstimate _population;
    private readonly Queue<RoundDecision> _decisions = new();
    private readonly CheckInDesk _desk;
    private readonly RoundAssignments _assignments = new();
    private readonly BufferFlow _buffer;
    private RoundTerms? _terms;
    private DateTimeOffset _selectionEnds;
    private DateTimeOffset _replaceUntil;
    private DateTimeOffset _advancedAt;
    private bool _deadlinePassed;

    /// <summary>Creates a machine without a round.</summary>
    /// <param name="selection">Picks the cohort among the devices that wait.</param>
    /// <param name="pace">Spreads the retries of the rejected.</param>
    /// <param name="population">Estimates how many devices there are.</param>
    /// <param name="maxWaiting">Check-ins that may wait at once; more are rejected at once.</param>
    public RoundStateMachine(ISelectionStrategy selection, PaceSteering pace, PopulationEstimate population, int maxWaiting = 10_000)
    {
        _selection = selection;
        _population = population;
        _desk = new CheckInDesk(pace, population, maxWaiting, _decisions);
        _buffer = new BufferFlow(_assignments);
    }

    /// <summary>Where the machine stands.</summary>
    public RoundPhase Phase { get; private set; }

    /// <summary>The round that is open; null when idle.</summary>
    public RoundKey? Key { get; private set; }

    /// <summary>When reporting ends at the latest; meaningful from configuration on.</summary>
    public DateTimeOffset Deadline { get; private set; }

    /// <summary>The assignments of the open round, by number.</summary>
    public IReadOnlyList<Assignment> Assignments => _assignments.All;

    /// <summary>Assignments of an asynchronous job whose updates the next buffer takes; empty while a buffer is open.</summary>
    public IReadOnlyList<Assignment> Aside => _buffer.Aside;

    /// <summary>Whether a buffer gives out no further tasks; it still takes updates, and closes when it is full.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Updates of the open round that the tier has told of.</summary>
    public int StoredCount => _assignments.Stored;

    /// <summary>Check-ins that wait for an answer.</summary>
    public int WaitingCount => _desk.Count;

    /// <summary>Devices that the selection phase still lacks; 0 in every other phase.</summary>
    public int Shortage => Phase == RoundPhase.Selection ? Math.Max(0, _terms!.Target - _desk.Count) : 0;

    /// <summary>When <see cref="Tick"/> has something to do next; null for never.</summary>
    public DateTimeOffset? NextTick
    {
        get
        {
            DateTimeOffset? next = _desk.NextExpiry;
            DateTimeOffset? phase = Phase switch
            {
                RoundPhase.Selection when _selectionEnds > _advancedAt => _selectionEnds,
                RoundPhase.Reporting when _terms!.Buffer is not null => _buffer.NextTick(_terms),
                RoundPhase.Reporting => _assignments.Outstanding == 0 && _replaceUntil > _advancedAt ? _replaceUntil : Deadline,
                _ => null,
            };
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
        Require(RoundPhase.Idle);
        Key = key;
        _terms = terms;
        if (terms.Buffer is not null)
        {
            _buffer.Begin(key.Round);
            Deadline = now + terms.ReportingTime;
            Phase = RoundPhase.Configuration;
            _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Open));
            return;
        }

        _selectionEnds = now + terms.SelectionTime;
        Phase = RoundPhase.Selection;
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
        Require(RoundPhase.Idle);
        Key = key;
        _terms = terms;
        Deadline = deadline;
        _replaceUntil = now + ((deadline - now) / 2);
        if (terms.Buffer is not null)
        {
            _buffer.Begin(key.Round);
        }

        foreach (Assignment assignment in assignments)
        {
            _assignments.Add(assignment);
            if (stored.Contains(assignment.Id))
            {
                _assignments.SetStored(assignment, now);
            }
            else
            {
                assignment.MayBeLost = true;
            }
        }

        _buffer.Resumed(now);
        Phase = RoundPhase.Reporting;
        Advance(now);
    }

    /// <summary>Takes up what an asynchronous job has given out while no buffer is open: after a restart.</summary>
    /// <param name="assignments">Outstanding or failed ones.</param>
    public void PutAside(IEnumerable<Assignment> assignments) => _buffer.PutAside(assignments);

    /// <summary>
    /// Updates that came while no buffer was open were refused: their devices are told to send them again. Call it when a buffer opens that did not open together with the closing of
    /// the one before.
    /// </summary>
    public void AskAgain()
    {
        foreach (Assignment assignment in _assignments.All)
        {
            assignment.MayBeLost |= assignment.State == AssignmentState.Outstanding;
        }

        // Who waits for a task with such an update in hand hears it at once.
        foreach (Candidate candidate in _desk.All.Where(candidate => FindOf(candidate.DeviceId) is { MayBeLost: true } held && held.Id == candidate.HeldAssignment).ToArray())
        {
            RejectDevice(candidate.DeviceId, RejectionReason.NoWork, TimeSpan.Zero);
        }
    }

    /// <summary>A device is ready to work. An earlier check-in of the same device that still waits is superseded.</summary>
    /// <param name="candidate">The device and its call.</param>
    /// <param name="now">The time.</param>
    public void CheckIn(in Candidate candidate, DateTimeOffset now)
    {
        _desk.Arrive(candidate, now);
        if (IsOpen && _terms!.Buffer is null && _assignments.FindOf(candidate.DeviceId) is { } held
            && held.State == AssignmentState.Outstanding && candidate.HeldAssignment != held.Id && Phase == RoundPhase.Reporting)
        {
            _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Redeliver, candidate.CallId, held));
            return;
        }

        if (_desk.TryWait(candidate, IsOpen, _terms, now))
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
        Require(RoundPhase.Configuration);
        Phase = RoundPhase.Reporting;
        Advance(now);
    }

    /// <summary>The tier has stored an update.</summary>
    /// <param name="assignmentId">Its assignment.</param>
    /// <param name="now">The time.</param>
    public StoredOutcome Stored(string assignmentId, DateTimeOffset now)
    {
        if (_assignments.Find(assignmentId) is not { } assignment)
        {
            return StoredOutcome.Unknown;
        }

        if (assignment.State is not (AssignmentState.Outstanding or AssignmentState.Failed))
        {
            return StoredOutcome.Duplicate;
        }

        _assignments.SetStored(assignment, now);
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
            if (_assignments.Find(id) is { State: AssignmentState.Outstanding or AssignmentState.Stored } assignment)
            {
                _assignments.SetLost(assignment);
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
        if (_assignments.Find(assignmentId) is not { } assignment || assignment.DeviceId != deviceId)
        {
            return FailureOutcome.Unknown;
        }

        if (assignment.State != AssignmentState.Outstanding)
        {
            return FailureOutcome.Ignored;
        }

        _assignments.SetFailed(assignment, kind, message);
        _population.Gone(deviceId);
        Advance(now);
        return FailureOutcome.Accepted;
    }

    /// <summary>Time has passed.</summary>
    /// <param name="now">The time.</param>
    public void Tick(DateTimeOffset now)
    {
        Advance(now);
        _desk.Expire(IsOpen, _terms, now);
    }

    /// <summary>The open buffer is filled in another way from now on; nothing when none is open.</summary>
    /// <param name="terms">How.</param>
    /// <param name="now">The time.</param>
    public void ChangeBuffer(RoundTerms terms, DateTimeOffset now)
    {
        if (IsOpen && _terms!.Buffer is not null)
        {
            _terms = terms;
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
        Require(RoundPhase.Closing);
        NoteSilence(included);
        int known = _assignments.Settle(included, _deadlinePassed);
        if (known != included.Count)
        {
            throw new InvalidOperationException(
                $"The aggregate of {Key} holds {included.Count} updates, of which {known} were assigned.");
        }
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
        Require(RoundPhase.Closing);
        Assignment[] missing = [.. Assignments.Where(assignment =>
            assignment.State is AssignmentState.Stored or AssignmentState.Outstanding && !included.Contains(assignment.Id))];
        if (_deadlinePassed || now >= Deadline || !missing.Any(assignment => assignment.State == AssignmentState.Stored))
        {
            return false;
        }

        foreach (Assignment assignment in missing)
        {
            _assignments.SetLost(assignment);
        }

        Phase = RoundPhase.Reporting;
        return true;
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
        Require(RoundPhase.Closing);
        _buffer.Refill(included, offers, now);
        if (_buffer.WhyReady(_terms!, now) is not null)
        {
            return false;
        }

        Phase = RoundPhase.Reporting;
        return true;
    }

    /// <summary>The buffer has become a version: settles its updates, and what the next buffer would refuse.</summary>
    /// <param name="outcome">What became of the updates.</param>
    public void SettleBuffer(BufferOutcome outcome)
    {
        Require(RoundPhase.Closing);
        _buffer.Settle(outcome, _terms!.Buffer!);
    }

    /// <summary>The asynchronous job ends: discards whatever is not settled.</summary>
    /// <param name="reason">One sentence for those that have none of their own.</param>
    public void DiscardRest(string reason) => _buffer.DiscardRest(reason);

    /// <summary>The round is abandoned: no assignment counts.</summary>
    /// <param name="reason">One sentence.</param>
    public void SettleAbandoned(string reason)
    {
        NoteSilence(FrozenSet<string>.Empty);
        _assignments.SettleAbandoned(reason);
    }

    /// <summary>Forgets the round, whatever its phase; check-ins go on waiting for the next one. What a buffer has not settled is kept for the next.</summary>
    public void Finish()
    {
        if (_terms?.Buffer is not null)
        {
            _buffer.KeepUnsettled();
        }

        Phase = RoundPhase.Idle;
        Key = null;
        _terms = null;
        _assignments.Clear();
        _deadlinePassed = false;
    }

    /// <summary>The assignment of that id, of the open round or one that waits for the next buffer; null when there is none.</summary>
    /// <param name="assignmentId">The id.</param>
    public Assignment? Find(string assignmentId) => _assignments.Find(assignmentId) ?? _buffer.Find(assignmentId);

    /// <summary>Forgets what waits for the next buffer: it will be in no version.</summary>
    public void ForgetAside() => _buffer.Clear();

    /// <summary>The latest assignment of a device, of the open round or one that waits for the next buffer; null when there is none.</summary>
    /// <param name="deviceId">The device.</param>
    public Assignment? FindOf(string deviceId) => _assignments.FindOf(deviceId) ?? _buffer.FindOf(deviceId);

    private bool IsOpen => Phase is RoundPhase.Configuration or RoundPhase.Reporting or RoundPhase.Closing;

    private void Advance(DateTimeOffset now)
    {
        _advancedAt = now;
        if (Phase == RoundPhase.Selection)
        {
            SelectCohort(now);
        }
        else if (Phase == RoundPhase.Reporting)
        {
            EndOrReplace(now);
        }
    }

    private void SelectCohort(DateTimeOffset now)
    {
        RoundTerms terms = _terms!;
        int enough = now >= _selectionEnds || _population.IsComplete(_desk.Count, terms.SelectionTime, now)
            ? terms.Minimum
            : terms.Target;
        if (_desk.Count < enough || FindEligible() < enough)
        {
            if (Key!.Kind != TaskKind.Train && now >= _selectionEnds && _desk.Count > 0 && FindEligible() == 0)
            {
                Phase = RoundPhase.Closing;
                _decisions.Enqueue(new RoundDecision(
                    RoundDecisionKind.Skip, Reason: $"None of the {_desk.Count} devices that wait can do the task."));
            }

            return;
        }

        Phase = RoundPhase.Configuration;
        Deadline = now + terms.ReportingTime;
        _replaceUntil = now + (terms.ReportingTime / 2);
        Assign(Math.Min(terms.Target, _desk.Eligible.Count));
    }

    private void EndOrReplace(DateTimeOffset now)
    {
        RoundTerms terms = _terms!;
        if (terms.Buffer is not null)
        {
            FillBuffer(terms, now);
            return;
        }

        if (_assignments.Stored >= terms.Goal)
        {
            Close("The report goal is reached.");
            return;
        }

        if (now >= Deadline)
        {
            _deadlinePassed = true;
            if (_assignments.Stored >= terms.Minimum)
            {
                Close("The deadline has passed.");
            }
            else
            {
                Abandon($"{_assignments.Stored} updates at the deadline; at least {terms.Minimum} are needed.");
            }

            return;
        }

        int missing = terms.Goal - _assignments.Stored - _assignments.Outstanding;
        if (missing > 0 && now < _replaceUntil && FindEligible() > 0)
        {
            Assign(Math.Min(missing, _desk.Eligible.Count));
        }

        if (_assignments.Outstanding > 0)
        {
            return;
        }

        if (_assignments.Stored >= terms.Minimum)
        {
            Close("Every device has reported or failed.");
        }
        else if (now >= _replaceUntil)
        {
            Abandon($"Every device has reported or failed; {_assignments.Stored} updates came, at least {terms.Minimum} are needed.");
        }
    }

    private void FillBuffer(RoundTerms terms, DateTimeOffset now)
    {
        foreach (string deviceId in _buffer.TimeOut(now))
        {
            _population.Gone(deviceId);
        }

        if (_buffer.WhyReady(terms, now) is { } reason)
        {
            Close(reason);
            return;
        }

        if (IsDraining)
        {
            return;
        }

        foreach (Candidate candidate in _desk.All.ToArray())
        {
            if (_buffer.Again(candidate, now + terms.ReportingTime) is { } again)
            {
                _desk.Take(candidate);
                _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Redeliver, candidate.CallId, again));
            }
        }

        int free = terms.Target - _assignments.Outstanding;
        if (free > 0 && FindEligible() > 0)
        {
            Assign(Math.Min(free, _desk.Eligible.Count));
        }
    }

    private void Close(string reason)
    {
        Phase = RoundPhase.Closing;
        _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Close, Reason: reason));
    }

    private void Abandon(string reason)
    {
        Phase = RoundPhase.Closing;
        _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Abandon, Reason: reason));
    }

    private int FindEligible() => _desk.FindEligible(
        Key!.Kind, _terms!.Buffer is null ? device => _assignments.FindOf(device) is null : _buffer.IsFree);

    private void Assign(int count)
    {
        foreach (int index in _selection.Select(Key!, _assignments.All.Count, [.. _desk.Eligible.Select(candidate => candidate.ClientIndex)], count))
        {
            Candidate chosen = _desk.Eligible[index];
            int number = _terms!.Buffer is null ? _assignments.All.Count : _buffer.NextNumber();
            var assignment = new Assignment(AssignmentIds.Of(Key!, number), number, chosen.DeviceId, chosen.ClientIndex)
            {
                Round = Key!.Round,
                ReportBy = _advancedAt + _terms.ReportingTime,
            };
            _assignments.Add(assignment);
            _desk.Take(chosen);
            _decisions.Enqueue(new RoundDecision(RoundDecisionKind.Assign, chosen.CallId, assignment));
        }
    }

    private void NoteSilence(IReadOnlySet<string> included)
    {
        if (!_deadlinePassed)
        {
            return;
        }

        foreach (string deviceId in _assignments.NoteSilence(included))
        {
            _population.Gone(deviceId);
        }
    }

    private void Require(RoundPhase phase)
    {
        if (Phase != phase)
        {
            throw new InvalidOperationException($"Round {Key}: the machine is in phase {Phase}, not {phase}.");
        }
    }
}
