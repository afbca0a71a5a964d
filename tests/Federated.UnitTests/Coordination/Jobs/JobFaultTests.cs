using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Servers that start again, nodes that are lost, tiers that refuse, numbers that are none.</summary>
public sealed class JobFaultTests : TwoDeviceJob
{
    [Fact]
    public async Task Restart_WithTheRoundOpen_KeepsTheAssignmentsAndAsksForWhatIsLost()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        await World.UntilAsync(progress => progress.Stored == 1);

        await World.RestartAsync(isLost: _ => true);

        string device = tasks[0].TicketContent.DeviceId;
        Assert.Equal(DispositionKind.Resend, await World.DispositionAsync(device, tasks[0].AssignmentId, 60_000));
        CheckInReply again = await World.CheckInAsync(tasks[1].TicketContent.DeviceId);
        Assert.Equal(tasks[1].AssignmentId, again.Assignment.AssignmentId);
        Assert.Equal(2ul, again.Assignment.TicketContent.WriterEpoch);
        Upload(tasks[0]);
        Upload(tasks[1]);
        Assert.Equal(DispositionKind.Counted, await World.DispositionAsync(device, tasks[0].AssignmentId, 60_000));
    }

    [Fact]
    public async Task NodeLost_WithTheRoundOpen_AsksForItsUpdatesAtAnotherGateway()
    {
        World.Tier.Gateway = "http://first";
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        await World.UntilAsync(progress => progress.Stored == 1);
        string device = tasks[0].TicketContent.DeviceId;
        Task<UpdateDisposition> waiting = World.FateAsync(device, tasks[0].AssignmentId, 60_000);
        Assert.Equal(DispositionKind.Pending, await World.DispositionAsync(device, tasks[0].AssignmentId));

        var round = new RoundKey(tasks[0].TicketContent.TenantId, tasks[0].JobId, (int)tasks[0].Round, tasks[0].Kind);
        World.Tier.LoseNode(round, "http://second", [tasks[0].AssignmentId, tasks[1].AssignmentId, "never made"]);

        UpdateDisposition fate = await waiting;
        Assert.Equal((DispositionKind.Resend, "http://second"), (fate.Kind, fate.Gateway));
        Assert.Equal("http://first", tasks[0].TicketContent.Gateway);
        Assert.Equal(DispositionKind.Resend, await World.DispositionAsync(tasks[1].TicketContent.DeviceId, tasks[1].AssignmentId));
        await World.UntilAsync(progress => progress.Stored == 0);
        await FinishRoundAsync(tasks, version: 1);
        Assert.Equal(DispositionKind.Counted, await World.DispositionAsync(device, tasks[0].AssignmentId));
    }

    [Fact]
    public async Task Restart_AfterTheDeadline_GivesTheDevicesTimeAgain()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        await World.Directory.DisposeAsync();
        World.Time.Advance(TimeSpan.FromDays(1));

        await World.RestartAsync(isLost: _ => false);

        await World.UntilAsync(progress => progress.Deadline == World.Time.GetUtcNow().AddSeconds(50));
        Upload(tasks[0]);
        Upload(tasks[1]);
        await World.UntilAsync(progress => progress.Version == 1);
    }

    [Fact]
    public async Task Write_AfterAnotherWriterTookOver_EndsTheCoordinator()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        World.Store.Fence(World.Job);

        Upload(tasks[0]);
        Upload(tasks[1]);
        Task<CheckInReply> waiting = World.CheckInAsync("c");

        Assert.NotEqual(CheckInReply.OutcomeOneofCase.Assignment, (await waiting).OutcomeCase);
        Assert.Equal(0, World.Store.Job(World.Job).CurrentVersion);
        Assert.Equal(RoundState.Open, Assert.Single(World.Store.Rounds).State);
    }

    [Fact]
    public async Task Close_AggregateIsNotFinite_AbandonsTheRound()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        World.Tier.Upload(tasks[0].TicketContent, [1, double.NaN, 0], 1);
        World.Tier.Upload(tasks[1].TicketContent, [1, 1, 1], 1);

        await World.UntilAsync(progress => progress.Phase == RoundPhase.Selection && World.Store.Rounds[0].State != RoundState.Open);

        Assert.Equal("The aggregate has values that are not finite.", Assert.Single(World.Store.Rounds).Reason);
        Assert.Equal(0, World.Store.Job(World.Job).CurrentVersion);
    }

    [Fact]
    public async Task Close_NextModelIsNotFinite_KeepsTheOldOne()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        foreach (TaskAssignment task in tasks)
        {
            World.Tier.Upload(task.TicketContent, [float.MaxValue, 0, 0], 1);
        }

        await World.UntilAsync(progress => progress.Version == 1);
        foreach (TaskAssignment task in await CheckInBothAsync())
        {
            World.Tier.Upload(task.TicketContent, [float.MaxValue, 0, 0], 1);
        }

        await World.UntilAsync(progress => progress is { Phase: RoundPhase.Selection, Version: 1 } && World.Store.Rounds.Count == 2 && World.Store.Rounds[1].State != RoundState.Open);

        Assert.Equal("The next model has values that are not finite.", World.Store.Rounds[1].Reason);
        await FinishRoundAsync(await CheckInBothAsync(), version: 3);
        Assert.True(float.IsFinite(World.ModelOf(World.Store.Versions[^1].BlobId).Parameters[0]));
    }

    [Fact]
    public async Task Open_TierRefusesThePlan_PausesTheJobWithTheReason()
    {
        World.Tier.Refusal = "A slot is too small; raise Aggregator:SlotBytes.";
        await World.CreateJobAsync();
        Task<CheckInReply> a = World.CheckInAsync("a");

        CheckInReply b = await World.CheckInAsync("b");

        Assert.Equal((RejectionReason.NoWork, 10_000ul), (b.Rejection.Reason, b.Rejection.RetryAfterMs));
        Assert.Equal(RejectionReason.NoWork, (await a).Rejection.Reason);
        await World.UntilAsync(progress => progress.Status == JobStatus.Paused);
        Assert.Equal(World.Tier.Refusal, World.Store.Job(World.Job).StatusReason);
        World.Tier.Refusal = null;
        await World.Directory.ResumeAsync(World.Job, World.Cancel);
        await FinishRoundAsync(await CheckInBothAsync(), version: 2);
    }

    [Fact]
    public async Task Restart_TierRefusesThePlan_PausesTheJob()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        World.Tier.Refusal = "This node does not sum that.";

        await World.RestartAsync(isLost: _ => false);

        await World.UntilAsync(progress => progress.Status == JobStatus.Paused);
        Assert.Equal(DispositionKind.Discarded, await World.DispositionAsync("a", IdOf(tasks, "a")));
    }

    [Fact]
    public async Task Close_TierCannotAggregate_AbandonsTheRound()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        World.Tier.Refusal = "Summing an update failed.";

        Upload(tasks[0]);
        Upload(tasks[1]);

        await World.UntilAsync(progress => progress.Phase == RoundPhase.Selection && World.Store.Rounds[0].State != RoundState.Open);
        Assert.Equal((RoundState.Abandoned, "Summing an update failed."), (World.Store.Rounds[0].State, World.Store.Rounds[0].Reason));
    }

    [Fact]
    public async Task Close_NodeLostMeanwhileAndEnoughAreLeft_DiscardsItsUpdatesWithTheReason()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        World.Tier.LosesAtClose = id => id == tasks[0].AssignmentId;

        await FinishRoundAsync(tasks, version: 1);

        UpdateDisposition fate = await World.FateAsync(tasks[0].TicketContent.DeviceId, tasks[0].AssignmentId);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("its node was lost while the round closed", fate.Reason);
        Assert.Equal(DispositionKind.Counted, await World.DispositionAsync(tasks[1].TicketContent.DeviceId, tasks[1].AssignmentId));
        Assert.Empty(World.Store.Failures);
    }

    [Fact]
    public async Task Close_NodeLostMeanwhileAndTooFewAreLeft_AsksForItsUpdatesAgain()
    {
        await using var world = new CoordinationWorld(TwoDevices with { Round = TwoDevices.Round with { MinimumToClose = 2 } });
        await world.CreateJobAsync();
        TaskAssignment[] tasks = await CheckInBothAsync(world);
        string device = tasks[0].TicketContent.DeviceId;
        world.Tier.LosesAtClose = id => id == tasks[0].AssignmentId;
        Task<DispositionKind> waiting = world.DispositionAsync(device, tasks[0].AssignmentId, 60_000);

        Assert.All(tasks, task => Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4)));

        Assert.Equal(DispositionKind.Resend, await waiting);
        Assert.Equal(DispositionKind.Pending, await world.DispositionAsync(tasks[1].TicketContent.DeviceId, tasks[1].AssignmentId));
        Assert.True(world.Tier.Upload(tasks[0].TicketContent, [0.5, 0.25, -1], 4));
        await world.UntilAsync(progress => progress.Version == 1);
        Assert.Equal(2, Assert.Single(world.Store.Rounds).Metrics!.Counted);
    }

    [Fact]
    public async Task Close_NodeLostAfterTheDeadline_AbandonsAndSaysSo()
    {
        await using var world = new CoordinationWorld(TwoDevices with { Round = TwoDevices.Round with { CohortSize = 3, MinimumToClose = 2 } });
        await world.CreateJobAsync();
        Task<CheckInReply> third = world.CheckInAsync("c");
        TaskAssignment[] tasks = await CheckInBothAsync(world);
        await third;
        world.Tier.LosesAtClose = id => id == tasks[0].AssignmentId;
        Assert.All(tasks, task => Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4)));
        await world.UntilAsync(progress => progress.Stored == 2);

        world.Time.Advance(TimeSpan.FromSeconds(100));

        await world.UntilAsync(progress => progress.Phase == RoundPhase.Selection);
        Assert.Contains("1 more were stored, but their nodes were lost while the round closed", Assert.Single(world.Store.Rounds).Reason);
    }

    [Fact]
    public async Task Restart_KilledBetweenTheLastCommitAndTheForget_FreesTheRound()
    {
        await OpenRoundAsync();
        await World.Directory.DisposeAsync();
        JobSnapshot snapshot = (await World.Store.AcquireAsync(World.Job, World.Cancel))!;
        await World.Store.SetStatusAsync(new WriterLease(World.Job, snapshot.Job.WriterEpoch), JobStatus.Completed, null, World.Cancel);
        Assert.Equal(1, World.Tier.HeldRounds);

        await World.RestartAsync(_ => false);

        Assert.Equal(0, World.Tier.HeldRounds);
    }

    [Fact]
    public async Task Restart_StrategyThatLooksBack_StillKnowsWhoWasCounted()
    {
        await using var world = new CoordinationWorld(TwoDevices with
        {
            Round = TwoDevices.Round with { Selection = "oort:exploration=0" },
            Evaluation = new() { EveryRounds = 0 },
        });
        await world.CreateJobAsync();
        Assert.All(await CheckInBothAsync(world), task => Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4)));
        await world.UntilAsync(progress => progress.Version == 1);
        Task<CheckInReply> c = world.CheckInAsync("c");
        TaskAssignment[] second = [(await world.CheckInAsync("d")).Assignment, (await c).Assignment];

        await world.RestartAsync(isLost: _ => false);
        Dictionary<string, Task<CheckInReply>> waiting = ((string[])["e", "a", "f", "b", "g"]).ToDictionary(device => device, device => world.CheckInAsync(device));
        await world.UntilAsync(progress => progress.Waiting == waiting.Count);
        Assert.All(second, task => Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4)));

        // Without exploration those that were counted come before those that never were.
        foreach (string device in (string[])["a", "b"])
        {
            Assert.Equal(3u, (await waiting[device].WaitAsync(TimeSpan.FromMinutes(2), world.Cancel)).Assignment.Round);
        }
    }
}
