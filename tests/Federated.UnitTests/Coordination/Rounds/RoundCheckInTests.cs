using Federated.Coordination.Rounds;
using Federated.Protocol;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Rounds;

/// <summary>Check-ins at a job: who waits, who is turned away, who is selected.</summary>
public sealed class RoundCheckInTests
{
    private readonly RoundDriver _driver = new();

    private RoundStateMachine Machine => _driver.Machine;

    [Fact]
    public void CheckIn_WhileAnEarlierOneWaits_SupersedesIt()
    {
        _driver.Begin();
        long first = _driver.CheckIn("a");
        _driver.CheckIn("a");

        RoundDecision decision = Assert.Single(_driver.Take());

        Assert.Equal((RoundDecisionKind.Reject, first, RejectionReason.Superseded), (decision.Kind, decision.CallId, decision.Rejection));
        Assert.Equal(1, Machine.WaitingCount);
    }

    [Fact]
    public void CheckIn_WithAnOutstandingAssignment_GetsItAgain()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");

        long call = _driver.CheckIn("b");

        RoundDecision decision = Assert.Single(_driver.Take());
        Assert.Equal((RoundDecisionKind.Redeliver, call), (decision.Kind, decision.CallId));
        Assert.Same(assigned.Single(assignment => assignment.DeviceId == "b"), decision.Assignment);
    }

    [Fact]
    public void CheckIn_HoldingTheUpdate_WaitsForTheNextRound()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");

        _driver.CheckIn("b", held: assigned.Single(assignment => assignment.DeviceId == "b").Id);

        Assert.Empty(_driver.Take());
        Assert.Equal(1, Machine.WaitingCount);
    }

    [Fact]
    public void CheckIn_AfterTheUpdateIsStored_WaitsForTheNextRoundAndIsNeverInOneTwice()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Stored(assigned[0].Id, _driver.Now);
        _driver.CheckIn(assigned[0].DeviceId);

        Machine.Failed(assigned[1].Id, assigned[1].DeviceId, "x", "", _driver.Now);

        Assert.Empty(_driver.Take());
        Assert.Equal(3, Machine.Assignments.Count);
    }

    [Fact]
    public void CheckIn_WithoutTime_IsRejectedAtOnceWithARetryTime()
    {
        _driver.Begin();
        long call = _driver.CheckIn("a", waitSeconds: 0);

        RoundDecision decision = Assert.Single(_driver.Take());

        Assert.Equal((RoundDecisionKind.Reject, call, RejectionReason.NoWork), (decision.Kind, decision.CallId, decision.Rejection));
        Assert.InRange(decision.RetryAfter.TotalSeconds, 1, 3);
    }

    [Fact]
    public void CheckIn_BeyondTheLimit_IsRejected()
    {
        var driver = new RoundDriver(maxWaiting: 2);
        driver.CheckIn("a");
        driver.CheckIn("b");

        long call = driver.CheckIn("c");

        Assert.Equal(call, Assert.Single(driver.Take()).CallId);
    }

    [Fact]
    public void Tick_WaitExpires_Rejects()
    {
        _driver.Begin();
        _driver.Open("a", "b", "c");
        long call = _driver.CheckIn("d", waitSeconds: 30);
        Assert.Equal(RoundDriver.Start + TimeSpan.FromSeconds(30), Machine.NextTick);

        RoundDecision decision = Assert.Single(_driver.Advance(30));

        Assert.Equal((call, RejectionReason.CohortFull), (decision.CallId, decision.Rejection));
        Assert.Equal(0, Machine.WaitingCount);
    }

    [Fact]
    public void Leave_OfAnOldCall_KeepsTheNewOne()
    {
        _driver.Begin();
        long first = _driver.CheckIn("a");
        _driver.CheckIn("a");

        Machine.Leave("a", first);

        Assert.Equal(1, Machine.WaitingCount);
    }

    [Fact]
    public void Tick_SelectionTimeOver_StartsWithTheMinimum()
    {
        _driver.Begin();
        _driver.CheckIn("a");
        Assert.Empty(_driver.Advance(60));
        Assert.NotEqual(_driver.Now, Machine.NextTick);

        _driver.CheckIn("b");

        Assert.Equal(2, _driver.Take().Count);
    }

    [Fact]
    public void Begin_EverybodyWhoIsAroundWaits_DoesNotWaitForMore()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.OpenWithFewer("a", "b");
        foreach (Assignment assignment in assigned)
        {
            Machine.Stored(assignment.Id, _driver.Now);
        }

        Machine.Settle(assigned.Select(assignment => assignment.Id).ToHashSet());
        Machine.Finish();
        _driver.Take();
        _driver.CheckIn("a");
        _driver.CheckIn("b");

        _driver.Begin(round: 2);

        Assert.Equal(2, _driver.Take().Count(decision => decision.Kind == RoundDecisionKind.Assign));
    }

    [Fact]
    public void Begin_ADeviceHasGone_DoesNotWaitForIt()
    {
        _driver.Begin();
        Assignment[] assigned = _driver.Open("a", "b", "c");
        Machine.Failed(assigned[2].Id, assigned[2].DeviceId, ErrorKinds.Interrupted, "The application stopped.", _driver.Now);
        Machine.Finish();
        _driver.Advance(60);
        _driver.CheckIn(assigned[0].DeviceId);
        _driver.Begin(round: 2);
        Assert.Empty(_driver.Take());

        _driver.CheckIn(assigned[1].DeviceId);

        Assert.Equal(2, _driver.Take().Count);
    }

    [Fact]
    public void CheckIn_WithoutTheCapability_IsNotSelected()
    {
        _driver.Begin(terms: RoundDriver.Terms with { Target = 1, Goal = 1, Minimum = 1 }, kind: TaskKind.Evaluate);
        _driver.CheckIn("a", tasks: DeviceTasks.Train);
        Assert.Empty(_driver.Take());

        _driver.CheckIn("b", tasks: DeviceTasks.Evaluate);

        Assert.Equal("b", Assert.Single(_driver.Take()).Assignment!.DeviceId);
    }

    [Theory]
    [InlineData(TaskKind.Evaluate, RoundDecisionKind.Skip)]
    [InlineData(TaskKind.Statistics, RoundDecisionKind.Skip)]
    [InlineData(TaskKind.Train, null)]
    public void Tick_NobodyWhoWaitsCanDoTheTask_SkipsFiguresButNotTraining(TaskKind kind, RoundDecisionKind? expected)
    {
        _driver.Begin(kind: kind);
        _driver.CheckIn("a", tasks: kind == TaskKind.Train ? DeviceTasks.Evaluate : DeviceTasks.Train);
        Assert.Empty(_driver.Take());

        List<RoundDecision> decisions = _driver.Advance(60);

        Assert.Equal(expected, decisions.Select(decision => (RoundDecisionKind?)decision.Kind).SingleOrDefault());
        Assert.Equal(1, Machine.WaitingCount);
    }

    [Fact]
    public void Tick_SomebodyCanDoTheStatistics_StartsWithThem()
    {
        _driver.Begin(kind: TaskKind.Statistics, terms: RoundDriver.Terms with { Minimum = 1 });
        _driver.CheckIn("a", tasks: DeviceTasks.Train);
        _driver.CheckIn("b", tasks: DeviceTasks.Statistics);

        List<RoundDecision> decisions = _driver.Advance(60);

        Assert.Equal("b", Assert.Single(decisions).Assignment!.DeviceId);
        Assert.Equal("job-s1-0", decisions[0].Assignment!.Id);
    }
}
