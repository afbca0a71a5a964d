using CsCheck;
using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Rounds;

/// <summary>Random sequences of events against the laws of a round.</summary>
public sealed class RoundStateMachineProperties
{
    private enum Event
    {
        CheckIn,
        CheckInAgain,
        ShortCheckIn,
        Leave,
        Store,
        StoreTwice,
        StoreUnknown,
        Fail,
        Revoke,
        Advance,
        AdvanceToNextTick,
        Restart,
    }

    [Fact]
    public void AnySequenceOfEvents_KeepsTheLaws() =>
        Gen.Select(
            Gen.Select(Gen.Int[1, 5], Gen.Int[0, 3], Gen.Int[0, 4]),
            Gen.Select(Gen.Enum<Event>(), Gen.Int[0, 1000]).List[0, 120])
        .Sample((shape, events) => new Run(shape.Item1 + shape.Item2, shape.Item1, shape.Item3).Play(events), iter: 2000);

    private sealed class Run
    {
        private readonly RoundDriver _driver = new(maxWaiting: 6);
        private readonly RoundTerms _terms;
        private readonly Dictionary<long, string> _openCalls = [];
        private readonly HashSet<string> _everAssigned = [];
        private readonly HashSet<string> _everCounted = [];
        private int _round;

        public Run(int target, int goal, int minimum)
        {
            _terms = new RoundTerms(target, goal, Math.Clamp(minimum, 1, goal), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(600));
        }

        private RoundStateMachine Machine => _driver.Machine;

        public void Play(List<(Event Event, int Value)> events)
        {
            _driver.Begin(++_round, _terms);
            foreach ((Event step, int value) in events)
            {
                Do(step, value);
                CarryOut();
                CheckLaws();
            }

            Machine.RejectWaiting(RejectionReason.Unavailable, TimeSpan.Zero);
            CarryOut();
            Assert.Empty(_openCalls);
        }

        private void Do(Event step, int value)
        {
            Assignment? some = Machine.Assignments.Count > 0 ? Machine.Assignments[value % Machine.Assignments.Count] : null;
            string device = $"device-{(char)('a' + (value % 12))}";
            switch (step)
            {
                case Event.CheckIn or Event.CheckInAgain:
                    CheckIn(device, 3600);
                    break;
                case Event.ShortCheckIn:
                    CheckIn(device, value % 100);
                    break;
                case Event.Leave when _openCalls.Count > 0:
                    (long call, string caller) = _openCalls.ElementAt(value % _openCalls.Count);
                    Machine.Leave(caller, call);
                    _openCalls.Remove(call);
                    break;
                case Event.Store when some is not null:
                    Machine.Stored(some.Id, _driver.Now);
                    break;
                case Event.StoreTwice when some is not null:
                    Machine.Stored(some.Id, _driver.Now);
                    Assert.NotEqual(StoredOutcome.Accepted, Machine.Stored(some.Id, _driver.Now));
                    break;
                case Event.StoreUnknown:
                    Assert.Equal(StoredOutcome.Unknown, Machine.Stored("job-t0-0", _driver.Now));
                    break;
                case Event.Fail when some is not null:
                    Machine.Failed(some.Id, some.DeviceId, "kind", "message", _driver.Now);
                    break;
                case Event.Revoke:
                    Machine.RejectDevice(device, RejectionReason.Unavailable, TimeSpan.Zero);
                    break;
                case Event.Advance:
                    _driver.Now += TimeSpan.FromSeconds(value);
                    Machine.Tick(_driver.Now);
                    break;
                case Event.AdvanceToNextTick when Machine.NextTick is { } next:
                    Assert.True(next > _driver.Now, "a tick that is due has not been done: the timer would spin");
                    _driver.Now = next;
                    Machine.Tick(next);
                    break;
                case Event.Restart when Machine.Phase == RoundPhase.Reporting:
                    Restart(value);
                    break;
                default:
                    break;
            }
        }

        private void CheckIn(string device, double wait)
        {
            // The identifier is counted up by the driver; it is known before the decisions are taken.
            long call = _driver.CheckIn(device, wait);
            _openCalls.Add(call, device);
        }

        /// <summary>The round goes on as a coordinator would find it in its store; a part of the stored updates is recovered.</summary>
        private void Restart(int value)
        {
            Assignment[] before = [.. Machine.Assignments];
            HashSet<string> recovered =
                [.. before.Where(assignment => assignment.State == AssignmentState.Stored && (assignment.Number + value) % 2 == 0).Select(assignment => assignment.Id)];
            Machine.RejectWaiting(RejectionReason.Unavailable, TimeSpan.Zero);
            CarryOut();
            var key = Machine.Key!;
            DateTimeOffset deadline = Machine.Deadline;
            Machine.Finish();
            Machine.Resume(
                key,
                _terms,
                deadline,
                before.Select(assignment => new Assignment(assignment.Id, assignment.Number, assignment.DeviceId, assignment.ClientIndex)),
                recovered,
                _driver.Now);
        }

        private void CarryOut()
        {
            foreach (RoundDecision decision in _driver.Take())
            {
                switch (decision.Kind)
                {
                    case RoundDecisionKind.Assign:
                        Answered(decision.CallId);
                        Assert.True(_everAssigned.Add(decision.Assignment!.Id), "an assignment id is used twice");
                        break;
                    case RoundDecisionKind.Redeliver:
                        Answered(decision.CallId);
                        Assert.Contains(decision.Assignment!.Id, _everAssigned);
                        break;
                    case RoundDecisionKind.Reject:
                        Answered(decision.CallId);
                        Assert.True(decision.RetryAfter >= TimeSpan.Zero && decision.RetryAfter <= TimeSpan.FromHours(1));
                        break;
                    case RoundDecisionKind.Close:
                        Assert.True(Machine.StoredCount >= _terms.Minimum);
                        SettleRound(counts: true);
                        break;
                    default:
                        Assert.True(Machine.StoredCount < _terms.Minimum);
                        SettleRound(counts: false);
                        break;
                }
            }

            if (Machine.Phase == RoundPhase.Configuration)
            {
                Assert.InRange(Machine.Assignments.Count, _terms.Minimum, _terms.Target);
                Machine.Configured(_driver.Now);
                CarryOut();
            }

            if (Machine.Phase == RoundPhase.Idle)
            {
                _driver.Begin(++_round, _terms);
                CarryOut();
            }
        }

        private void Answered(long call) => Assert.True(_openCalls.Remove(call), "a check-in is answered twice or was never made");

        private void SettleRound(bool counts)
        {
            Assert.Equal(RoundPhase.Closing, Machine.Phase);
            Assignment[] assignments = [.. Machine.Assignments];
            string[] included = [.. assignments.Where(assignment => counts && assignment.State == AssignmentState.Stored).Select(assignment => assignment.Id)];
            if (counts)
            {
                Machine.Settle(included.ToHashSet());
            }
            else
            {
                Machine.SettleAbandoned("too few");
            }

            Assert.All(assignments, assignment =>
                Assert.Equal(included.Contains(assignment.Id) ? AssignmentState.Counted : AssignmentState.Discarded, assignment.State));
            Assert.All(assignments.Where(assignment => assignment.State == AssignmentState.Discarded), assignment => Assert.NotNull(assignment.Reason));
            Assert.All(included, id => Assert.True(_everCounted.Add(id), "an update is counted twice"));
            Machine.Finish();
        }

        private void CheckLaws()
        {
            IReadOnlyList<Assignment> assignments = Machine.Assignments;
            Assert.True(_everCounted.Count <= _everAssigned.Count);
            Assert.Equal(assignments.Count, assignments.Select(assignment => assignment.DeviceId).Distinct().Count());
            Assert.Equal(Enumerable.Range(0, assignments.Count), assignments.Select(assignment => assignment.Number));
            Assert.Equal(Machine.StoredCount, assignments.Count(assignment => assignment.State == AssignmentState.Stored));
            Assert.Equal(Machine.WaitingCount, _openCalls.Count);
            if (Machine.Phase == RoundPhase.Reporting)
            {
                Assert.True(Machine.StoredCount < _terms.Goal, "the goal is reached and the round is still open");
                Assert.True(_driver.Now < Machine.Deadline, "the deadline has passed and the round is still open");
            }
        }
    }
}
