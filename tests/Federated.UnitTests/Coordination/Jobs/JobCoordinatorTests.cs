using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

public sealed class JobCoordinatorTests : IAsyncDisposable
{
    private static readonly JobDefinition TwoDevices = new()
    {
        Rounds = 3,
        Round = new() { CohortSize = 2, MinimumToClose = 1, DeadlineSeconds = 100, SelectionSeconds = 10, MaxAbandoned = 2 },
    };

    private readonly CoordinationWorld _world = new(TwoDevices);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task CheckIn_CohortComplete_AnswersWithASignedTask()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();

        UpdateTicket ticket = UpdateTicket.Parser.ParseFrom(tasks[0].Ticket.Payload);
        Assert.Equal(tasks[0].TicketContent, ticket);
        Assert.Equal((_world.Job.JobId, 1u, TaskKind.Train), (ticket.JobId, ticket.Round, ticket.Kind));
        Assert.Equal((tasks[0].AssignmentId, 0u, 1ul), (ticket.AssignmentId, ticket.BaseModelVersion, ticket.WriterEpoch));
        Assert.Equal((1_000_000.0, 1_000_000u, 12ul), (ticket.MaxWeight, ticket.MaxSteps, ticket.MaxBytes));
        Assert.Equal(_world.Time.GetUtcNow().AddSeconds(100).AddHours(1).ToUnixTimeMilliseconds(), ticket.ExpiresAtMs);
        Assert.Equal("fedavg", tasks[0].Training.Algorithm);
        Assert.NotEqual(tasks[0].AssignmentId, tasks[1].AssignmentId);
    }

    [Fact]
    public async Task Disposition_Waiting_IsAnsweredByTheCommit()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        Task<DispositionKind> waiting = _world.DispositionAsync("a", IdOf(tasks, "a"), 60_000);
        Assert.Equal(DispositionKind.Pending, await _world.DispositionAsync("a", IdOf(tasks, "a")));
        Assert.False(waiting.IsCompleted);

        Upload(tasks[1]);

        Assert.Equal(DispositionKind.Counted, await waiting);
        Assert.Equal(1, _world.Store.Job(_world.Job).CurrentVersion);
    }

    [Fact]
    public async Task Disposition_WaitRunsOut_IsPending()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Task<DispositionKind> waiting = _world.DispositionAsync("a", IdOf(tasks, "a"), 5_000);
        Assert.Equal(DispositionKind.Pending, await _world.DispositionAsync("a", IdOf(tasks, "a")));

        _world.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(DispositionKind.Pending, await waiting);
    }

    [Fact]
    public async Task Disposition_OfAnotherDeviceOrMadeUp_IsUnknown()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();

        Assert.Equal(DispositionKind.Unknown, await _world.DispositionAsync("mallory", IdOf(tasks, "a")));
        Assert.Equal(DispositionKind.Unknown, await _world.DispositionAsync("a", "made-up"));
    }

    [Fact]
    public async Task Commit_DevicesOfTheNextRoundWait_OpensItInTheSameTransaction()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        Task<CheckInReply> a = _world.CheckInAsync("a", held: IdOf(tasks, "a"));
        Task<CheckInReply> b = _world.CheckInAsync("b", held: IdOf(tasks, "b"));
        await _world.UntilAsync(progress => progress.Waiting == 2);
        Assert.Equal(1, _world.Store.OpenedAlone);

        Upload(tasks[1]);

        Assert.Equal([2u, 2u], (await Task.WhenAll(a, b)).Select(reply => reply.Assignment.Round));
        Assert.Equal(1, _world.Store.OpenedAlone);
        Assert.Equal(
            [(1, RoundState.Closed), (2, RoundState.Open)],
            _world.Store.Rounds.Select(round => (round.Key.Round, round.State)).Order());
        Assert.All((await Task.WhenAll(a, b)).Select(reply => Assert.Single(reply.Dispositions)), disposition =>
            Assert.Equal(DispositionKind.Counted, disposition.Kind));
    }

    [Fact]
    public async Task ReportFailure_AnyText_IsStoredWithItsReason()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        var report = new FailureReport { AssignmentId = IdOf(tasks, "a"), Kind = "out-of-memory", Message = new string('x', 3000) };

        Assert.True(await _world.Directory.Devices.ReportFailureAsync(new DeviceIdentity(CoordinationWorld.Tenant, "a"), report, _world.Cancel));

        ClientFailureRecord failure = Assert.Single(_world.Store.Failures);
        Assert.Equal(("a", "out-of-memory", 2000), (failure.DeviceId, failure.Kind, failure.Message.Length));
    }

    [Fact]
    public async Task Deadline_SilentDevice_IsRecordedAndTheRoundCloses()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks.Single(task => task.TicketContent.DeviceId == "a"));
        await _world.UntilAsync(progress => progress.Stored == 1);

        _world.Time.Advance(TimeSpan.FromSeconds(100));
        await _world.UntilAsync(progress => progress.Version == 1);

        Assert.Equal(("b", ErrorKinds.TimedOut), (Assert.Single(_world.Store.Failures).DeviceId, _world.Store.Failures[0].Kind));
        Assert.Equal(DispositionKind.Counted, await _world.DispositionAsync("a", IdOf(tasks, "a")));
        Assert.Equal(DispositionKind.Discarded, await _world.DispositionAsync("b", IdOf(tasks, "b")));
        RoundMetrics metrics = Assert.Single(_world.Store.Rounds).Metrics!;
        Assert.Equal((2, 1, 1, 12L), (metrics.Assigned, metrics.Counted, metrics.Failed, metrics.BytesUp));
    }

    [Fact]
    public async Task Deadline_NobodyReports_AbandonsRaisesTheEpochAndPausesInTheEnd()
    {
        await OpenRoundAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(100));
        await _world.UntilAsync(progress => progress.Phase == RoundPhase.Selection && _world.Store.Rounds[0].State != RoundState.Open);
        JobRecord job = _world.Store.Job(_world.Job);
        Assert.Equal((JobStatus.Running, 1, 0), (job.Status, job.StateEpoch, job.CurrentVersion));

        TaskAssignment[] tasks = await CheckInBothAsync();
        Assert.Equal((2u, 1u, 0u), (tasks[0].Round, tasks[0].StateEpoch, tasks[0].Model.Version));
        _world.Time.Advance(TimeSpan.FromSeconds(100));
        await _world.UntilAsync(progress => progress.Status == JobStatus.Paused);

        Assert.Contains("2 rounds in a row", _world.Store.Job(_world.Job).StatusReason);
        Assert.All(_world.Store.Rounds, round => Assert.Equal(RoundState.Abandoned, round.State));
        Assert.Equal(4, _world.Store.Failures.Count);
        Assert.Equal(JobCommandOutcome.Done, await _world.Directory.ResumeAsync(_world.Job, _world.Cancel));
        Assert.Equal(3u, (await CheckInBothAsync())[0].Round);
    }

    [Fact]
    public async Task Restart_WithTheRoundOpen_KeepsTheAssignmentsAndAsksForWhatIsLost()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        await _world.UntilAsync(progress => progress.Stored == 1);

        await _world.RestartAsync(isLost: _ => true);

        string device = tasks[0].TicketContent.DeviceId;
        Assert.Equal(DispositionKind.Resend, await _world.DispositionAsync(device, tasks[0].AssignmentId, 60_000));
        CheckInReply again = await _world.CheckInAsync(tasks[1].TicketContent.DeviceId);
        Assert.Equal(tasks[1].AssignmentId, again.Assignment.AssignmentId);
        Assert.Equal(2ul, again.Assignment.TicketContent.WriterEpoch);
        Upload(tasks[0]);
        Upload(tasks[1]);
        Assert.Equal(DispositionKind.Counted, await _world.DispositionAsync(device, tasks[0].AssignmentId, 60_000));
    }

    [Fact]
    public async Task NodeLost_WithTheRoundOpen_AsksForItsUpdatesAtAnotherGateway()
    {
        _world.Tier.Gateway = "http://first";
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        await _world.UntilAsync(progress => progress.Stored == 1);
        string device = tasks[0].TicketContent.DeviceId;
        Task<UpdateDisposition> waiting = _world.FateAsync(device, tasks[0].AssignmentId, 60_000);
        Assert.Equal(DispositionKind.Pending, await _world.DispositionAsync(device, tasks[0].AssignmentId));

        var round = new RoundKey(tasks[0].TicketContent.TenantId, tasks[0].JobId, (int)tasks[0].Round, tasks[0].Kind);
        _world.Tier.LoseNode(round, "http://second", [tasks[0].AssignmentId, tasks[1].AssignmentId, "never made"]);

        UpdateDisposition fate = await waiting;
        Assert.Equal((DispositionKind.Resend, "http://second"), (fate.Kind, fate.Gateway));
        Assert.Equal("http://first", tasks[0].TicketContent.Gateway);
        Assert.Equal(DispositionKind.Resend, await _world.DispositionAsync(tasks[1].TicketContent.DeviceId, tasks[1].AssignmentId));
        await _world.UntilAsync(progress => progress.Stored == 0);
        await FinishRoundAsync(tasks, version: 1);
        Assert.Equal(DispositionKind.Counted, await _world.DispositionAsync(device, tasks[0].AssignmentId));
    }

    [Fact]
    public async Task Restart_AfterTheDeadline_GivesTheDevicesTimeAgain()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        await _world.Directory.DisposeAsync();
        _world.Time.Advance(TimeSpan.FromDays(1));

        await _world.RestartAsync(isLost: _ => false);

        await _world.UntilAsync(progress => progress.Deadline == _world.Time.GetUtcNow().AddSeconds(50));
        Upload(tasks[0]);
        Upload(tasks[1]);
        await _world.UntilAsync(progress => progress.Version == 1);
    }

    [Fact]
    public async Task Pause_WhileARoundIsOpen_LetsItFinishAndOpensNoOther()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Assert.Equal(JobCommandOutcome.Done, await _world.Directory.PauseAsync(_world.Job, _world.Cancel));

        Upload(tasks[0]);
        Upload(tasks[1]);

        await _world.UntilAsync(progress => progress is { Version: 1, Phase: RoundPhase.Idle, Status: JobStatus.Paused });
    }

    [Fact]
    public async Task Stop_WhileARoundIsOpen_DiscardsAndTellsTheDevices()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Task<CheckInReply> waiting = _world.CheckInAsync("c");
        await _world.UntilAsync(progress => progress.Waiting == 1);

        Assert.Equal(JobCommandOutcome.Done, await _world.Directory.StopJobAsync(_world.Job, _world.Cancel));

        Assert.Equal(RejectionReason.JobEnded, (await waiting).Rejection.Reason);
        Assert.Equal(JobStatus.Stopped, _world.Store.Job(_world.Job).Status);
        Assert.Equal(DispositionKind.Discarded, await _world.DispositionAsync("a", IdOf(tasks, "a")));
    }

    [Fact]
    public async Task RollBack_ToAnEarlierVersion_MakesItCurrentUnderANewNumber()
    {
        await FinishRoundAsync(await OpenRoundAsync(), version: 1);
        await FinishRoundAsync(await CheckInBothAsync(), version: 2);
        TaskAssignment[] dropped = await CheckInBothAsync();

        Assert.Equal(JobCommandOutcome.UnknownVersion, await _world.Directory.RollBackAsync(_world.Job, 99, _world.Cancel));
        Assert.Equal(JobCommandOutcome.Done, await _world.Directory.RollBackAsync(_world.Job, 1, _world.Cancel));

        ModelVersionRecord version = _world.Store.Versions[^1];
        Assert.Equal((4, 1, 1, ModelVersionOrigin.RollBack), (version.Version, version.Parent, version.TrainingRounds, version.Origin));
        Assert.Equal(_world.Store.Versions[1].BlobId, version.BlobId);
        Assert.Equal(DispositionKind.Discarded, await _world.DispositionAsync("a", IdOf(dropped, "a")));
        TaskAssignment[] next = await CheckInBothAsync();
        Assert.Equal((5u, 4u, 2u), (next[0].Round, next[0].Model.Version, next[0].StateEpoch));
    }

    [Fact]
    public async Task Write_AfterAnotherWriterTookOver_EndsTheCoordinator()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        _world.Store.Fence(_world.Job);

        Upload(tasks[0]);
        Upload(tasks[1]);
        Task<CheckInReply> waiting = _world.CheckInAsync("c");

        Assert.NotEqual(CheckInReply.OutcomeOneofCase.Assignment, (await waiting).OutcomeCase);
        Assert.Equal(0, _world.Store.Job(_world.Job).CurrentVersion);
        Assert.Equal(RoundState.Open, Assert.Single(_world.Store.Rounds).State);
    }

    [Fact]
    public async Task Close_AggregateIsNotFinite_AbandonsTheRound()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        _world.Tier.Upload(tasks[0].TicketContent, [1, double.NaN, 0], 1);
        _world.Tier.Upload(tasks[1].TicketContent, [1, 1, 1], 1);

        await _world.UntilAsync(progress => progress.Phase == RoundPhase.Selection && _world.Store.Rounds[0].State != RoundState.Open);

        Assert.Equal("The aggregate has values that are not finite.", Assert.Single(_world.Store.Rounds).Reason);
        Assert.Equal(0, _world.Store.Job(_world.Job).CurrentVersion);
    }

    [Fact]
    public async Task Close_NextModelIsNotFinite_KeepsTheOldOne()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        foreach (TaskAssignment task in tasks)
        {
            _world.Tier.Upload(task.TicketContent, [float.MaxValue, 0, 0], 1);
        }

        await _world.UntilAsync(progress => progress.Version == 1);
        foreach (TaskAssignment task in await CheckInBothAsync())
        {
            _world.Tier.Upload(task.TicketContent, [float.MaxValue, 0, 0], 1);
        }

        await _world.UntilAsync(progress => progress is { Phase: RoundPhase.Selection, Version: 1 } && _world.Store.Rounds.Count == 2 && _world.Store.Rounds[1].State != RoundState.Open);

        Assert.Equal("The next model has values that are not finite.", _world.Store.Rounds[1].Reason);
        await FinishRoundAsync(await CheckInBothAsync(), version: 3);
        Assert.True(float.IsFinite(_world.ModelOf(_world.Store.Versions[^1].BlobId).Parameters[0]));
    }

    [Fact]
    public async Task Open_TierRefusesThePlan_PausesTheJobWithTheReason()
    {
        _world.Tier.Refusal = "A slot is too small; raise Aggregator:SlotBytes.";
        await _world.CreateJobAsync();
        Task<CheckInReply> a = _world.CheckInAsync("a");

        CheckInReply b = await _world.CheckInAsync("b");

        Assert.Equal((RejectionReason.NoWork, 10_000ul), (b.Rejection.Reason, b.Rejection.RetryAfterMs));
        Assert.Equal(RejectionReason.NoWork, (await a).Rejection.Reason);
        await _world.UntilAsync(progress => progress.Status == JobStatus.Paused);
        Assert.Equal(_world.Tier.Refusal, _world.Store.Job(_world.Job).StatusReason);
        _world.Tier.Refusal = null;
        await _world.Directory.ResumeAsync(_world.Job, _world.Cancel);
        await FinishRoundAsync(await CheckInBothAsync(), version: 2);
    }

    [Fact]
    public async Task Restart_TierRefusesThePlan_PausesTheJob()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        _world.Tier.Refusal = "This node does not sum that.";

        await _world.RestartAsync(isLost: _ => false);

        await _world.UntilAsync(progress => progress.Status == JobStatus.Paused);
        Assert.Equal(DispositionKind.Discarded, await _world.DispositionAsync("a", IdOf(tasks, "a")));
    }

    [Fact]
    public async Task Close_TierCannotAggregate_AbandonsTheRound()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        _world.Tier.Refusal = "Summing an update failed.";

        Upload(tasks[0]);
        Upload(tasks[1]);

        await _world.UntilAsync(progress => progress.Phase == RoundPhase.Selection && _world.Store.Rounds[0].State != RoundState.Open);
        Assert.Equal((RoundState.Abandoned, "Summing an update failed."), (_world.Store.Rounds[0].State, _world.Store.Rounds[0].Reason));
    }

    [Fact]
    public async Task Close_NodeLostMeanwhileAndEnoughAreLeft_DiscardsItsUpdatesWithTheReason()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        _world.Tier.LosesAtClose = id => id == tasks[0].AssignmentId;

        await FinishRoundAsync(tasks, version: 1);

        UpdateDisposition fate = await _world.FateAsync(tasks[0].TicketContent.DeviceId, tasks[0].AssignmentId);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("its node was lost while the round closed", fate.Reason);
        Assert.Equal(DispositionKind.Counted, await _world.DispositionAsync(tasks[1].TicketContent.DeviceId, tasks[1].AssignmentId));
        Assert.Empty(_world.Store.Failures);
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
    public async Task DeviceRevoked_HoldingATask_FailsIt()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks.Single(task => task.TicketContent.DeviceId == "a"));

        _world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "b"));

        await _world.UntilAsync(progress => progress.Version == 1);
        Assert.Equal(("b", ErrorKinds.DroppedOut), (Assert.Single(_world.Store.Failures).DeviceId, _world.Store.Failures[0].Kind));
    }

    [Fact]
    public async Task CheckIn_CallerGoes_IsForgotten()
    {
        await _world.CreateJobAsync();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_world.Cancel);
        Task<CheckInReply> call = _world.Directory.Devices.CheckInAsync(
            new DeviceIdentity(CoordinationWorld.Tenant, "a"), new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 60_000 }, gone.Token);
        await _world.UntilAsync(progress => progress.Waiting == 1);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _world.UntilAsync(progress => progress.Waiting == 0);
    }

    [Fact]
    public async Task CheckIn_ForAPausedJob_WaitsAndIsNotToldThatItEnded()
    {
        await _world.CreateJobAsync();
        await _world.Directory.PauseAsync(_world.Job, _world.Cancel);

        CheckInReply reply = await _world.Directory.Devices.CheckInAsync(
            new DeviceIdentity(CoordinationWorld.Tenant, "a"),
            new CheckInRequest { SdkVersion = "0.1.0", JobIds = { _world.Job.JobId } },
            _world.Cancel);

        Assert.Equal(RejectionReason.NoWork, reply.Rejection.Reason);
    }

    [Fact]
    public async Task CheckIn_WithoutAWish_WaitsForTheFirstJobAndIsDoneAfterTheLast()
    {
        Assert.Equal(RejectionReason.NoWork, (await _world.CheckInAsync("a")).Rejection.Reason);
        await _world.CreateJobAsync();
        await _world.Directory.StopJobAsync(_world.Job, _world.Cancel);
        while (_world.Directory.Progress(_world.Job) is not null)
        {
            await Task.Yield();
        }

        Assert.Equal(RejectionReason.JobEnded, (await _world.CheckInAsync("a")).Rejection.Reason);
    }

    [Fact]
    public async Task CheckIn_WithoutAWishAfterARestart_IsDoneForThoseWhoHaveWorked()
    {
        await OpenRoundAsync();
        await _world.Directory.StopJobAsync(_world.Job, _world.Cancel);

        await _world.RestartAsync(_ => false);

        Assert.Equal(RejectionReason.JobEnded, (await _world.CheckInAsync("a")).Rejection.Reason);
        Assert.Equal(RejectionReason.NoWork, (await _world.CheckInAsync("newcomer")).Rejection.Reason);
    }

    [Fact]
    public async Task Restart_KilledBetweenTheLastCommitAndTheForget_FreesTheRound()
    {
        await OpenRoundAsync();
        await _world.Directory.DisposeAsync();
        JobSnapshot snapshot = (await _world.Store.AcquireAsync(_world.Job, _world.Cancel))!;
        await _world.Store.SetStatusAsync(new WriterLease(_world.Job, snapshot.Job.WriterEpoch), JobStatus.Completed, null, _world.Cancel);
        Assert.Equal(1, _world.Tier.HeldRounds);

        await _world.RestartAsync(_ => false);

        Assert.Equal(0, _world.Tier.HeldRounds);
    }

    [Fact]
    public async Task CheckIn_OldSdkUnknownJobOrOtherTenant_IsRejected()
    {
        await _world.CreateJobAsync();
        var device = new DeviceIdentity(CoordinationWorld.Tenant, "a");

        CheckInReply old = await _world.Directory.Devices.CheckInAsync(device, new CheckInRequest { SdkVersion = "0.0.9" }, _world.Cancel);
        CheckInReply junk = await _world.Directory.Devices.CheckInAsync(device, new CheckInRequest { SdkVersion = "x" }, _world.Cancel);
        CheckInReply job = await _world.Directory.Devices.CheckInAsync(
            device, new CheckInRequest { SdkVersion = "0.1.0", JobIds = { "other" } }, _world.Cancel);
        CheckInReply tenant = await _world.Directory.Devices.CheckInAsync(
            device with { TenantId = "other" }, new CheckInRequest { SdkVersion = "0.1.0", JobIds = { _world.Job.JobId } }, _world.Cancel);

        Assert.Equal(RejectionReason.UpgradeRequired, old.Rejection.Reason);
        Assert.Equal(RejectionReason.UpgradeRequired, junk.Rejection.Reason);
        Assert.Equal(RejectionReason.JobEnded, job.Rejection.Reason);
        Assert.Equal(RejectionReason.JobEnded, tenant.Rejection.Reason);
    }

    [Fact]
    public async Task Create_BadDefinitionOrModel_NamesEverythingAtOnce()
    {
        CreateJobResult missing = await _world.Directory.CreateAsync(
            CoordinationWorld.Tenant, new JobDefinition { Rounds = 0, Name = "" }, new string('0', 64), _world.Cancel);
        string junk = _world.Blobs.Put([1, 2, 3]).ToString();
        CreateJobResult unreadable = await _world.Directory.CreateAsync(CoordinationWorld.Tenant, TwoDevices, junk, _world.Cancel);

        Assert.Equal(["model", "name", "rounds"], missing.Errors.Select(error => error.Path).Order());
        Assert.Contains("cannot be read", Assert.Single(unreadable.Errors).Message);
        Assert.Null(missing.Job);
    }

    [Fact]
    public async Task Evaluation_TargetReached_CompletesTheJob()
    {
        await using var world = new CoordinationWorld(TwoDevices with { Evaluation = new() { EveryRounds = 1 }, TargetAccuracy = 0.05 });
        await world.CreateJobAsync();

        await world.RunDevicesAsync(3);

        JobRecord job = world.Store.Job(world.Job);
        Assert.Equal((JobStatus.Completed, 1), (job.Status, job.CurrentVersion));
        Assert.Contains("target accuracy 0.05", job.StatusReason);
    }

    [Fact]
    public async Task Statistics_DeviceThatCannot_IsNotAskedAndTrains()
    {
        await using var world = new CoordinationWorld(TwoDevices with { Statistics = new() { Kinds = ["features"], Features = 3, CohortSize = 2 } });
        await world.CreateJobAsync();
        Task<CheckInReply> trainer = world.CheckInAsync("trainer", [TaskKind.Train]);
        Task<CheckInReply> first = world.CheckInAsync("first");
        TaskAssignment second = (await world.CheckInAsync("second")).Assignment;

        Assert.Equal((TaskKind.Statistics, TaskKind.Statistics), ((await first).Assignment.Kind, second.Kind));
        Assert.False(trainer.IsCompleted);
        UpdateTicket ticket = second.TicketContent;
        Assert.Equal((0.0, 0u, 9ul), (ticket.MaxNorm, ticket.MaxSteps, ticket.Sections[0].ElementCount));
        Assert.True(world.Tier.Upload((await first).Assignment.TicketContent, [1, 1, 1, 2, 2, 2, 4, 4, 4], 1));
        Assert.True(world.Tier.Upload(ticket, [1, 1, 1, 4, 4, 4, 16, 16, 16], 1));

        Task<CheckInReply> next = world.CheckInAsync("first");
        Assert.Equal((TaskKind.Train, TaskKind.Train), ((await trainer).Assignment.Kind, (await next).Assignment.Kind));
        RoundRecord round = world.Store.Rounds.Single(record => record.Key.Kind == TaskKind.Statistics);
        Assert.Equal([3, 3, 3], PooledStatistics.Parse(world.Blobs.Read(round.StatisticsBlobId!)).Features!.Means.Select(mean => mean!.Value));
    }

    [Fact]
    public async Task Statistics_NobodyCan_AreSkippedAndTrainingGoesOn()
    {
        await using var world = new CoordinationWorld(TwoDevices with { Statistics = new() { Kinds = ["features"], Features = 3 } });
        await world.CreateJobAsync();
        Task<CheckInReply> a = world.CheckInAsync("a", [TaskKind.Train]);
        Task<CheckInReply> b = world.CheckInAsync("b", [TaskKind.Train]);
        await world.UntilAsync(progress => progress.Waiting == 2);

        world.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal((TaskKind.Train, TaskKind.Train), ((await a).Assignment.Kind, (await b).Assignment.Kind));
        Assert.DoesNotContain(world.Store.Rounds, round => round.Key.Kind == TaskKind.Statistics);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Statistics_Abandoned_AreTakenAtTheNextVersion(bool restarts)
    {
        await using var world = new CoordinationWorld(TwoDevices with { Statistics = new() { Kinds = ["features"], Features = 3, DeadlineSeconds = 50 } });
        await world.CreateJobAsync();
        await CheckInBothAsync(world);
        world.Time.Advance(TimeSpan.FromSeconds(50));
        await world.UntilAsync(progress => progress.Phase == RoundPhase.Selection);
        if (restarts)
        {
            await world.RestartAsync(isLost: _ => false);
        }

        TaskAssignment[] training = await CheckInBothAsync(world);
        Assert.All(training, task => Assert.True(world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4)));
        await world.UntilAsync(progress => progress.Version == 1);
        TaskAssignment[] statistics = await CheckInBothAsync(world);
        Assert.All(statistics, task => Assert.True(world.Tier.Upload(task.TicketContent, [1, 1, 1, 2, 2, 2, 4, 4, 4], 1)));
        TaskAssignment[] next = await CheckInBothAsync(world);

        Assert.All(training, task => Assert.Equal(TaskKind.Train, task.Kind));
        Assert.All(statistics, task => Assert.Equal((TaskKind.Statistics, 1u), (task.Kind, task.Round)));
        Assert.All(next, task => Assert.Equal(TaskKind.Train, task.Kind));
        RoundRecord first = world.Store.Rounds.Single(round => round.Key is { Kind: TaskKind.Statistics, Round: 0 });
        Assert.Equal(RoundState.Abandoned, first.State);
        Assert.Contains("at the deadline", first.Reason);
        Assert.Equal(RoundState.Closed, world.Store.Rounds.Single(round => round.Key is { Kind: TaskKind.Statistics, Round: 1 }).State);
    }

    [Fact]
    public async Task Create_StatisticsThatTheModelDoesNotTell_NamesThem()
    {
        string blob = _world.Blobs.Put(ModelFile.Write(new ModelContent(CoordinationWorld.Schema, [1, 2, 3]))).ToString();
        JobDefinition definition = TwoDevices with { Statistics = new() { Kinds = ["features", "batch_norm"] } };

        CreateJobResult result = await _world.Directory.CreateAsync(CoordinationWorld.Tenant, definition, blob, _world.Cancel);

        Assert.Equal(["statistics.features", "statistics.kinds"], result.Errors.Select(error => error.Path));
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
            Assert.Equal(3u, (await waiting[device].WaitAsync(TimeSpan.FromSeconds(30), world.Cancel)).Assignment.Round);
        }
    }

    private async Task<TaskAssignment[]> OpenRoundAsync()
    {
        await _world.CreateJobAsync();
        return await CheckInBothAsync();
    }

    private Task<TaskAssignment[]> CheckInBothAsync() => CheckInBothAsync(_world);

    private static async Task<TaskAssignment[]> CheckInBothAsync(CoordinationWorld world)
    {
        Task<CheckInReply> a = world.CheckInAsync("a");
        CheckInReply b = await world.CheckInAsync("b");
        return [(await a).Assignment, b.Assignment];
    }

    private async Task FinishRoundAsync(TaskAssignment[] tasks, int version)
    {
        Upload(tasks[0]);
        Upload(tasks[1]);
        await _world.UntilAsync(progress => progress.Version == version);
    }

    private void Upload(TaskAssignment task) =>
        Assert.True(_world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4));

    private static string IdOf(TaskAssignment[] tasks, string device) =>
        tasks.Single(task => task.TicketContent.DeviceId == device).AssignmentId;
}
