using Federated.Coordination.Rounds;
using Federated.Protocol;

namespace Federated.UnitTests.Coordination.Rounds;

/// <summary>Rounds from their cohort to their end.</summary>
public sealed class RoundStateMachineTests
{
    private readonly RoundDriver _driver = new();

    private RoundStateMachine Machine => _driver.Machine;

    [Fact]
    public void CheckIn_TargetReached_AssignsAllAtOnce()
    {
        _driver.Begin();
        _driver.CheckIn("a");
        _driver.CheckIn("b");
        Assert.Empty(_driver.Take());
        Assert.Equal(1, Machine.Shortage);

        _driver.CheckIn("c");

        List<RoundDecision> decisions = _driver.Take();
        Assert.Equal([1L, 2L, 3L], decisions.Select(decision => decision.CallId));
        Assert.Equal(["job-t1-0", "job-t1-1", "job-t1-2"], decisions.Select(decision => decision.Assignment!.Id));
        Assert.Equal(RoundPhase.Configuration, Machine.Phase);
        Assert.Equal(RoundDriver.Start + RoundDriver.Terms.ReportingTime, Machine.Deadline);
    }

    [Fact]
    public void Stored_ReportGoalReached_Closes()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);
        Machine.Stored(assigned[1].Id, _driver.Now);
        Assert.Empty(_driver.Take());

        StoredOutcome outcome = Machine.Stored(assigned[2].Id, _driver.Now);

        Assert.Equal(StoredOutcome.Accepted, outcome);
        Assert.Equal(RoundDecisionKind.Close, Assert.Single(_driver.Take()).Kind);
        Assert.Equal(RoundPhase.Closing, Machine.Phase);
    }

    [Fact]
    public void Stored_Twice_CountsOnce()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);

        Assert.Equal(StoredOutcome.Duplicate, Machine.Stored(assigned[0].Id, _driver.Now));
        Assert.Equal(StoredOutcome.Unknown, Machine.Stored("job-t1-99", _driver.Now));
        Assert.Equal(1, Machine.StoredCount);
    }

    [Fact]
    public void Settle_OverSelected_DiscardsThoseThatWereNotNeeded()
    {
        _driver.Begin(terms: RoundDriver.Terms with { Target = 4 });
        Assignment[] assigned = _driver.Open("a", "b", "c", "d");
        foreach (Assignment assignment in assigned[..3])
        {
            Machine.Stored(assignment.Id, _driver.Now);
        }

        Machine.Settle(assigned[..3].Select(assignment => assignment.Id).ToHashSet());

        Assert.All(assigned[..3], assignment => Assert.Equal(AssignmentState.Counted, assignment.State));
        Assert.Equal(AssignmentState.Discarded, assigned[3].State);
        Assert.Equal("The round had enough updates before this one arrived.", assigned[3].Reason);
        Assert.Null(assigned[3].FailureKind);
    }

    [Fact]
    public void Tick_DeadlineWithMinimum_ClosesAndNamesTheSilent()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);
        Machine.Stored(assigned[2].Id, _driver.Now);
        Assert.Equal(Machine.Deadline, Machine.NextTick);

        List<RoundDecision> decisions = _driver.Advance(600);

        Assert.Equal(RoundDecisionKind.Close, Assert.Single(decisions).Kind);
        Machine.Settle(new HashSet<string> { assigned[0].Id, assigned[2].Id });
        Assert.Equal(ErrorKinds.TimedOut, assigned[1].FailureKind);
        Assert.Equal("No update arrived before the deadline.", assigned[1].Reason);
    }

    [Fact]
    public void Tick_DeadlineBelowMinimum_Abandons()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);

        RoundDecision decision = Assert.Single(_driver.Advance(600));

        Assert.Equal(RoundDecisionKind.Abandon, decision.Kind);
        Assert.Equal("1 updates at the deadline; at least 2 are needed.", decision.Reason);
        Machine.SettleAbandoned(decision.Reason!);
        Assert.All(assigned, assignment => Assert.Equal(AssignmentState.Discarded, assignment.State));
    }

    [Fact]
    public void Settle_UpdateThatTheTierNeverToldOf_Counts()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);
        Machine.Stored(assigned[1].Id, _driver.Now);
        _driver.Advance(600);

        Machine.Settle(assigned.Select(assignment => assignment.Id).ToHashSet());

        Assert.All(assigned, assignment => Assert.Equal(AssignmentState.Counted, assignment.State));
    }

    [Fact]
    public void Settle_UnknownUpdate_Throws()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        foreach (Assignment assignment in assigned)
        {
            Machine.Stored(assignment.Id, _driver.Now);
        }

        Assert.Throws<InvalidOperationException>(() => Machine.Settle(new HashSet<string> { "job-t1-9" }));
    }

    [Fact]
    public void Failed_WithAWaitingDevice_ReplacesIt()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        long call = _driver.CheckIn("d");
        Assert.Empty(_driver.Take());

        FailureOutcome outcome = Machine.Failed(assigned[1].Id, assigned[1].DeviceId, ErrorKinds.Exception, "boom", _driver.Now);

        Assert.Equal(FailureOutcome.Accepted, outcome);
        RoundDecision decision = Assert.Single(_driver.Take());
        Assert.Equal((RoundDecisionKind.Assign, call, "job-t1-3"), (decision.Kind, decision.CallId, decision.Assignment!.Id));
        Assert.Equal(RoundPhase.Reporting, Machine.Phase);
    }

    [Fact]
    public void Failed_LateInTheRound_IsNotReplaced()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        _driver.CheckIn("d");
        _driver.Advance(301);

        Machine.Failed(assigned[1].Id, assigned[1].DeviceId, ErrorKinds.Exception, "boom", _driver.Now);

        Assert.Empty(_driver.Take());
    }

    [Fact]
    public void Failed_LastOutstandingWithMinimumStored_ClosesAtOnce()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);
        Machine.Stored(assigned[1].Id, _driver.Now);

        Machine.Failed(assigned[2].Id, assigned[2].DeviceId, ErrorKinds.Exception, "boom", _driver.Now);

        Assert.Equal(RoundDecisionKind.Close, Assert.Single(_driver.Take()).Kind);
    }

    [Fact]
    public void Failed_EveryDevice_WaitsForReplacementsThenAbandons()
    {
        _driver.Begin();
        foreach (Assignment assignment in _driver.Open("a", "b", "c"))
        {
            Machine.Failed(assignment.Id, assignment.DeviceId, ErrorKinds.Exception, "boom", _driver.Now);
        }

        Assert.Empty(_driver.Take());
        Assert.Equal(RoundDriver.Start + TimeSpan.FromSeconds(300), Machine.NextTick);

        Assert.Equal(RoundDecisionKind.Abandon, Assert.Single(_driver.Advance(300)).Kind);
    }

    [Fact]
    public void Failed_OfAnotherDeviceOrAfterTheUpdate_ChangesNothing()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);

        Assert.Equal(FailureOutcome.Unknown, Machine.Failed(assigned[1].Id, "mallory", "x", "", _driver.Now));
        Assert.Equal(FailureOutcome.Ignored, Machine.Failed(assigned[0].Id, assigned[0].DeviceId, "x", "", _driver.Now));
        Assert.Equal(AssignmentState.Outstanding, assigned[1].State);
        Assert.Equal(AssignmentState.Stored, assigned[0].State);
    }

    [Fact]
    public void Stored_AfterAReportedFailure_CountsAsStored()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Failed(assigned[0].Id, assigned[0].DeviceId, ErrorKinds.Interrupted, "broken stream", _driver.Now);

        Assert.Equal(StoredOutcome.Accepted, Machine.Stored(assigned[0].Id, _driver.Now));
        Assert.Null(assigned[0].FailureKind);
    }

    [Fact]
    public void Lost_StoredAndOutstandingUpdates_AreMissingAgain()
    {
        Assignment[] assignments = _driver.Resume("job-t1-0", "job-t1-1");

        IReadOnlyList<Assignment> lost = Machine.Lost(["job-t1-0", "job-t1-2", "other"], _driver.Now);

        Assert.Equal(["job-t1-0", "job-t1-2"], lost.Select(assignment => assignment.Id));
        Assert.Equal([true, false, true], assignments.Select(assignment => assignment.MayBeLost));
        Assert.Equal(1, Machine.StoredCount);
        Assert.Empty(_driver.Take());
        Machine.Stored("job-t1-2", _driver.Now);
        Machine.Stored("job-t1-0", _driver.Now);
        Assert.Equal(RoundDecisionKind.Close, Assert.Single(_driver.Take()).Kind);
    }

    [Fact]
    public void Resume_WithRecoveredUpdates_GoesOnAndSuspectsTheRest()
    {
        Assignment[] assignments = _driver.Resume("job-t1-1");

        Assert.Equal(RoundPhase.Reporting, Machine.Phase);
        Assert.Equal(1, Machine.StoredCount);
        Assert.Equal([true, false, true], assignments.Select(assignment => assignment.MayBeLost));
        Machine.Stored("job-t1-0", _driver.Now);
        Assert.False(assignments[0].MayBeLost);
        Machine.Stored("job-t1-2", _driver.Now);
        Assert.Equal(RoundDecisionKind.Close, Assert.Single(_driver.Take()).Kind);
    }

    [Fact]
    public void Resume_GoalAlreadyRecovered_ClosesAtOnce()
    {
        _driver.Resume("job-t1-0", "job-t1-1", "job-t1-2");

        Assert.Equal(RoundDecisionKind.Close, Assert.Single(_driver.Take()).Kind);
    }

    [Fact]
    public void Begin_WhileARoundIsOpen_Throws()
    {
        _driver.Begin();

        Assert.Throws<InvalidOperationException>(() => _driver.Begin(round: 2));
    }

    [Theory]
    [InlineData("job-t1-0", "job")]
    [InlineData("my-own-job-e12-345", "my-own-job")]
    [InlineData("job", "")]
    [InlineData("-t1-0", "")]
    [InlineData("", "")]
    public void JobOf_AnyText_FindsTheJobOrNothing(string id, string job) => Assert.Equal(job, AssignmentIds.JobOf(id));
}
