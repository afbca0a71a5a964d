using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Rounds of a job from the check-in of its devices to the commit, and what its owner does to it.</summary>
public sealed class JobCoordinatorTests : TwoDeviceJob
{
    [Fact]
    public async Task CheckIn_CohortComplete_AnswersWithASignedTask()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();

        UpdateTicket ticket = UpdateTicket.Parser.ParseFrom(tasks[0].Ticket.Payload);
        Assert.Equal(tasks[0].TicketContent, ticket);
        Assert.Equal((World.Job.JobId, 1u, TaskKind.Train), (ticket.JobId, ticket.Round, ticket.Kind));
        Assert.Equal((tasks[0].AssignmentId, 0u, 1ul), (ticket.AssignmentId, ticket.BaseModelVersion, ticket.WriterEpoch));
        Assert.Equal((1_000_000.0, 1_000_000u, 12ul), (ticket.MaxWeight, ticket.MaxSteps, ticket.MaxBytes));
        Assert.Equal(World.Time.GetUtcNow().AddSeconds(100).AddHours(1).ToUnixTimeMilliseconds(), ticket.ExpiresAtMs);
        Assert.Equal("fedavg", tasks[0].Training.Algorithm);
        Assert.NotEqual(tasks[0].AssignmentId, tasks[1].AssignmentId);
    }

    [Fact]
    public async Task Commit_DevicesOfTheNextRoundWait_OpensItInTheSameTransaction()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        Task<CheckInReply> a = World.CheckInAsync("a", held: IdOf(tasks, "a"));
        Task<CheckInReply> b = World.CheckInAsync("b", held: IdOf(tasks, "b"));
        await World.UntilAsync(progress => progress.Waiting == 2);
        Assert.Equal(1, World.Store.OpenedAlone);

        Upload(tasks[1]);

        Assert.Equal([2u, 2u], (await Task.WhenAll(a, b)).Select(reply => reply.Assignment.Round));
        Assert.Equal(1, World.Store.OpenedAlone);
        Assert.Equal(
            [(1, RoundState.Closed), (2, RoundState.Open)],
            World.Store.Rounds.Select(round => (round.Key.Round, round.State)).Order());
        Assert.All((await Task.WhenAll(a, b)).Select(reply => Assert.Single(reply.Dispositions)), disposition =>
            Assert.Equal(DispositionKind.Counted, disposition.Kind));
    }

    [Fact]
    public async Task ReportFailure_AnyText_IsStoredWithItsReason()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        var report = new FailureReport { AssignmentId = IdOf(tasks, "a"), Kind = "out-of-memory", Message = new string('x', 3000) };

        Assert.True(await World.Directory.Devices.ReportFailureAsync(new DeviceIdentity(CoordinationWorld.Tenant, "a"), report, World.Cancel));

        ClientFailureRecord failure = Assert.Single(World.Store.Failures);
        Assert.Equal(("a", "out-of-memory", 2000), (failure.DeviceId, failure.Kind, failure.Message.Length));
    }

    [Fact]
    public async Task Deadline_SilentDevice_IsRecordedAndTheRoundCloses()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks.Single(task => task.TicketContent.DeviceId == "a"));
        await World.UntilAsync(progress => progress.Stored == 1);

        World.Time.Advance(TimeSpan.FromSeconds(100));
        await World.UntilAsync(progress => progress.Version == 1);

        Assert.Equal(("b", ErrorKinds.TimedOut), (Assert.Single(World.Store.Failures).DeviceId, World.Store.Failures[0].Kind));
        Assert.Equal(DispositionKind.Counted, await World.DispositionAsync("a", IdOf(tasks, "a")));
        Assert.Equal(DispositionKind.Discarded, await World.DispositionAsync("b", IdOf(tasks, "b")));
        RoundMetrics metrics = Assert.Single(World.Store.Rounds).Metrics!;
        Assert.Equal((2, 1, 1, 12L), (metrics.Assigned, metrics.Counted, metrics.Failed, metrics.BytesUp));
    }

    [Fact]
    public async Task Deadline_NobodyReports_AbandonsRaisesTheEpochAndPausesInTheEnd()
    {
        await OpenRoundAsync();
        World.Time.Advance(TimeSpan.FromSeconds(100));
        await World.UntilAsync(progress => progress.Phase == RoundPhase.Selection && World.Store.Rounds[0].State != RoundState.Open);
        JobRecord job = World.Store.Job(World.Job);
        Assert.Equal((JobStatus.Running, 1, 0), (job.Status, job.StateEpoch, job.CurrentVersion));

        TaskAssignment[] tasks = await CheckInBothAsync();
        Assert.Equal((2u, 1u, 0u), (tasks[0].Round, tasks[0].StateEpoch, tasks[0].Model.Version));
        World.Time.Advance(TimeSpan.FromSeconds(100));
        await World.UntilAsync(progress => progress.Status == JobStatus.Paused);

        Assert.Contains("2 rounds in a row", World.Store.Job(World.Job).StatusReason);
        Assert.All(World.Store.Rounds, round => Assert.Equal(RoundState.Abandoned, round.State));
        Assert.Equal(4, World.Store.Failures.Count);
        Assert.Equal(JobCommandOutcome.Done, await World.Directory.ResumeAsync(World.Job, World.Cancel));
        Assert.Equal(3u, (await CheckInBothAsync())[0].Round);
    }

    [Fact]
    public async Task Pause_WhileARoundIsOpen_LetsItFinishAndOpensNoOther()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Assert.Equal(JobCommandOutcome.Done, await World.Directory.PauseAsync(World.Job, World.Cancel));

        Upload(tasks[0]);
        Upload(tasks[1]);

        await World.UntilAsync(progress => progress is { Version: 1, Phase: RoundPhase.Idle, Status: JobStatus.Paused });
    }

    [Fact]
    public async Task Stop_WhileARoundIsOpen_DiscardsAndTellsTheDevices()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Task<CheckInReply> waiting = World.CheckInAsync("c");
        await World.UntilAsync(progress => progress.Waiting == 1);

        Assert.Equal(JobCommandOutcome.Done, await World.Directory.StopJobAsync(World.Job, World.Cancel));

        Assert.Equal(RejectionReason.JobEnded, (await waiting).Rejection.Reason);
        Assert.Equal(JobStatus.Stopped, World.Store.Job(World.Job).Status);
        Assert.Equal(DispositionKind.Discarded, await World.DispositionAsync("a", IdOf(tasks, "a")));
    }

    [Fact]
    public async Task RollBack_ToAnEarlierVersion_MakesItCurrentUnderANewNumber()
    {
        await FinishRoundAsync(await OpenRoundAsync(), version: 1);
        await FinishRoundAsync(await CheckInBothAsync(), version: 2);
        TaskAssignment[] dropped = await CheckInBothAsync();

        Assert.Equal(JobCommandOutcome.UnknownVersion, await World.Directory.RollBackAsync(World.Job, 99, World.Cancel));
        Assert.Equal(JobCommandOutcome.Done, await World.Directory.RollBackAsync(World.Job, 1, World.Cancel));

        ModelVersionRecord version = World.Store.Versions[^1];
        Assert.Equal((4, 1, 1, ModelVersionOrigin.RollBack), (version.Version, version.Parent, version.TrainingRounds, version.Origin));
        Assert.Equal(World.Store.Versions[1].BlobId, version.BlobId);
        Assert.Equal(DispositionKind.Discarded, await World.DispositionAsync("a", IdOf(dropped, "a")));
        TaskAssignment[] next = await CheckInBothAsync();
        Assert.Equal((5u, 4u, 2u), (next[0].Round, next[0].Model.Version, next[0].StateEpoch));
    }

    [Fact]
    public async Task Create_BadDefinitionOrModel_NamesEverythingAtOnce()
    {
        CreateJobResult missing = await World.Directory.CreateAsync(
            CoordinationWorld.Tenant, new JobDefinition { Rounds = 0, Name = "" }, new string('0', 64), World.Cancel);
        string junk = World.Blobs.Put([1, 2, 3]).ToString();
        CreateJobResult unreadable = await World.Directory.CreateAsync(CoordinationWorld.Tenant, TwoDevices, junk, World.Cancel);

        Assert.Equal(["model", "name", "rounds"], missing.Errors.Select(error => error.Path).Order());
        Assert.Contains("cannot be read", Assert.Single(unreadable.Errors).Message);
        Assert.Null(missing.Job);
    }
}
