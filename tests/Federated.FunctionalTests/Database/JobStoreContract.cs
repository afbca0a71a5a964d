using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Server.Database;
using Federated.Server.Database.Rows;

namespace Federated.FunctionalTests.Database;

/// <summary>What every job store must do; run on each provider.</summary>
public abstract class JobStoreContract
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly JobKey Job = new("default", "job-1");
    private static readonly RoundKey Round1 = new("default", "job-1", 1, TaskKind.Train);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected abstract Task<ServerContextFactory> OpenAsync();

    private async Task<IJobStore> CreateStoreAsync() => new EfJobStore(await OpenAsync());

    [Fact]
    public async Task CreateAsync_SecondTime_ChangesNothing()
    {
        var store = await CreateStoreAsync();

        var first = await store.CreateAsync(NewJob(), Version(0), Cancellation);
        var second = await store.CreateAsync(NewJob() with { CurrentVersion = 7 }, Version(0), Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.True(first);
        Assert.False(second);
        Assert.Equal(0, snapshot!.Job.CurrentVersion);
    }

    [Fact]
    public async Task AcquireAsync_UnknownJob_ReturnsNull()
    {
        var store = await CreateStoreAsync();

        Assert.Null(await store.AcquireAsync(new JobKey("default", "absent"), Cancellation));
        Assert.Null(await store.AcquireAsync(new JobKey("other", "job-1"), Cancellation));
    }

    [Fact]
    public async Task AcquireAsync_KnownJob_RaisesEpochAndReadsEverything()
    {
        var store = await CreateStoreAsync();
        await store.CreateAsync(NewJob(), Version(0), Cancellation);

        var first = await store.AcquireAsync(Job, Cancellation);
        var second = await store.AcquireAsync(Job, Cancellation);

        Assert.Equal(1, first!.Job.WriterEpoch);
        Assert.Equal(2, second!.Job.WriterEpoch);
        Assert.Equal(Version(0), second.Current);
        Assert.Equal(Start, second.Job.CreatedAt);
        Assert.Equal("digits", second.Job.Definition.Name);
        Assert.Empty(second.Rounds);
        Assert.Null(second.OpenRound);
    }

    [Fact]
    public async Task OpenRoundAsync_ThenAcquire_ReturnsRoundWithAssignmentsAndFailures()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);

        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0)], Cancellation);
        await store.AddAssignmentsAsync(lease, [Assignment(1)], Cancellation);
        await store.AddFailureAsync(lease, Failure(0, "diverged"), Cancellation);
        var outcome = await store.AddFailureAsync(lease, Failure(0, "late"), Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Equal(StoreOutcome.Done, outcome);
        Assert.Equal(OpenRound(), snapshot!.OpenRound);
        Assert.Equal([Assignment(0), Assignment(1)], snapshot.Assignments);
        Assert.Equal("diverged", Assert.Single(snapshot.Failures).Kind);
    }

    [Fact]
    public async Task GuardedWrites_OldEpoch_AreFencedAndWriteNothing()
    {
        var store = await CreateStoreAsync();
        var old = await CreateJobAsync(store);
        var current = new WriterLease(Job, (await store.AcquireAsync(Job, Cancellation))!.Job.WriterEpoch);
        await store.OpenRoundAsync(current, OpenRound(), [Assignment(0)], Cancellation);

        StoreOutcome[] outcomes =
        [
            await store.OpenRoundAsync(old, OpenRound() with { Key = Round1 with { Round = 2 } }, [], Cancellation),
            await store.AddAssignmentsAsync(old, [Assignment(1)], Cancellation),
            await store.AddFailureAsync(old, Failure(0, "late"), Cancellation),
            await store.CommitRoundAsync(Commit(old), Task.CompletedTask, Cancellation),
            await store.AbandonRoundAsync(Abandonment(old), Cancellation),
            await store.SetStatusAsync(old, JobStatus.Stopped, null, Cancellation),
            await store.RollBackAsync(old, Version(1), 5, Cancellation),
        ];

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.All(outcomes, outcome => Assert.Equal(StoreOutcome.Fenced, outcome));
        Assert.Equal(OpenRound(), Assert.Single(snapshot!.Rounds));
        Assert.Equal([Assignment(0)], snapshot.Assignments);
        Assert.Empty(snapshot.Failures);
        Assert.Equal(JobStatus.Running, snapshot.Job.Status);
        Assert.Equal(0, snapshot.Job.StateEpoch);
        Assert.Null(await store.FindVersionAsync(Job, 1, Cancellation));
    }

    [Fact]
    public async Task CommitRoundAsync_TrainingRound_MakesAllOfItTrue()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);

        var outcome = await store.CommitRoundAsync(Commit(lease), Task.CompletedTask, Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        var counted = Assert.Single(await store.FindAssignmentsAsync("default", "device-0", ["a-0", "a-1"], Cancellation));
        var discarded = Assert.Single(await store.FindAssignmentsAsync("default", "device-1", ["a-1", "absent"], Cancellation));
        Assert.Equal(StoreOutcome.Done, outcome);
        Assert.Equal(1, snapshot!.Job.CurrentVersion);
        Assert.Equal(Version(1), snapshot.Current);
        Assert.Null(snapshot.OpenRound);
        Assert.Equal(RoundState.Closed, Assert.Single(snapshot.Rounds).State);
        Assert.Equal(Metrics, snapshot.Rounds[0].Metrics);
        Assert.Equal(new string('d', 64), snapshot.Rounds[0].StatisticsBlobId);
        Assert.Equal(AssignmentDisposition.Counted, counted.Disposition);
        Assert.Equal(1, counted.ModelVersion);
        Assert.Equal(Counted, counted.Update);
        Assert.Equal(AssignmentDisposition.Discarded, discarded.Disposition);
        Assert.Equal("It came after the round had closed.", discarded.Reason);
        Assert.Null(discarded.Update);
    }

    [Fact]
    public async Task ReadParticipationsAsync_CountedAndDiscarded_TellsOfTheCountedOnesSinceARound()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);

        var before = await store.ReadParticipationsAsync(Job, 1, Cancellation);
        await store.CommitRoundAsync(Commit(lease), Task.CompletedTask, Cancellation);
        var since = await store.ReadParticipationsAsync(Job, Round1.Round, Cancellation);
        var later = await store.ReadParticipationsAsync(Job, Round1.Round + 1, Cancellation);

        Assert.Empty(before);
        Assert.Equal(new Participation(uint.MaxValue, Round1.Round, 12.5, double.NaN, 1.25), Assert.Single(since));
        Assert.Empty(later);
    }

    [Fact]
    public async Task ReadStatesAsync_VersionsWithAndWithout_GivesTheNewestFirst()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        for (int version = 5; version <= 8; version++)
        {
            await store.RollBackAsync(lease, Version(version) with { StateBlobId = version == 7 ? null : new string((char)('0' + version), 64) }, 1, Cancellation);
        }

        Assert.Equal([new string('8', 64), new string('6', 64)], await store.ReadStatesAsync(Job, 2, Cancellation));
        Assert.Empty(await store.ReadStatesAsync(Job with { JobId = "another" }, 2, Cancellation));
    }

    [Fact]
    public async Task CommitRoundAsync_WithNextRound_OpensItInTheSameTransaction()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);
        var round = OpenRound() with { Key = Round1 with { Round = 2 }, BaseVersion = 1 };
        var assignment = Assignment(2) with { Round = round.Key };
        var fenced = await store.CommitRoundAsync(
            Commit(lease with { Epoch = 0 }) with { Next = new RoundStart(round, [assignment]) }, Task.CompletedTask, Cancellation);
        var before = await store.AcquireAsync(Job, Cancellation);
        lease = new WriterLease(Job, before!.Job.WriterEpoch);

        var outcome = await store.CommitRoundAsync(Commit(lease) with { Next = new RoundStart(round, [assignment]) }, Task.CompletedTask, Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Equal(StoreOutcome.Fenced, fenced);
        Assert.Equal(OpenRound(), before.OpenRound);
        Assert.Equal(StoreOutcome.Done, outcome);
        Assert.Equal(1, snapshot!.Job.CurrentVersion);
        Assert.Equal(round, snapshot.OpenRound);
        Assert.Equal([assignment], snapshot.Assignments);
    }

    [Fact]
    public async Task CommitRoundAsync_BlobsFail_ThrowsAndChangesNothing()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);
        var full = new IOException("No space left on device");

        var thrown = await Assert.ThrowsAsync<IOException>(
            () => store.CommitRoundAsync(Commit(lease), Task.FromException(full), Cancellation));

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Same(full, thrown);
        Assert.Equal(OpenRound(), snapshot!.OpenRound);
        Assert.Equal(Version(0), snapshot.Current);
    }

    [Fact]
    public async Task CommitRoundAsync_Evaluation_KeepsTheCurrentVersion()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);
        await store.CommitRoundAsync(Commit(lease), Task.CompletedTask, Cancellation);
        var round = OpenRound() with { Key = Round1 with { Kind = TaskKind.Evaluate }, BaseVersion = 1 };
        var assignment = Assignment(2) with { Round = round.Key };
        await store.OpenRoundAsync(lease, round, [assignment], Cancellation);

        await store.CommitRoundAsync(
            Commit(lease) with
            {
                Round = round.Key,
                Counted = [new CountedUpdate("a-2", 3, 0, 24, double.NaN, 0.5)],
                Discarded = [],
                Failures = [],
                Version = null,
                Status = JobStatus.Completed,
                StatusReason = "Every round is done.",
            },
            Task.CompletedTask,
            Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Equal(1, snapshot!.Job.CurrentVersion);
        Assert.Equal(JobStatus.Completed, snapshot.Job.Status);
        Assert.Equal("Every round is done.", snapshot.Job.StatusReason);
        Assert.Null(snapshot.OpenRound);
    }

    [Fact]
    public async Task CommitRoundAsync_SecondTime_ThrowsAndChangesNothing()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);
        await store.CommitRoundAsync(Commit(lease), Task.CompletedTask, Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.CommitRoundAsync(Commit(lease), Task.CompletedTask, Cancellation));

        Assert.Equal(1, (await store.AcquireAsync(Job, Cancellation))!.Job.CurrentVersion);
    }

    [Fact]
    public async Task CommitRoundAsync_AssignmentForgotten_ThrowsAndChangesNothing()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => store.CommitRoundAsync(Commit(lease) with { Discarded = [] }, Task.CompletedTask, Cancellation));

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Equal(OpenRound(), snapshot!.OpenRound);
        Assert.All(snapshot.Assignments, assignment => Assert.Equal(AssignmentDisposition.Pending, assignment.Disposition));
    }

    [Fact]
    public async Task AbandonRoundAsync_OpenRound_DiscardsEverything()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0), Assignment(1)], Cancellation);

        var outcome = await store.AbandonRoundAsync(Abandonment(lease), Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        var discarded = Assert.Single(await store.FindAssignmentsAsync("default", "device-1", ["a-1"], Cancellation));
        Assert.Equal(StoreOutcome.Done, outcome);
        Assert.Equal(RoundState.Abandoned, Assert.Single(snapshot!.Rounds).State);
        Assert.Equal(3, snapshot.Job.StateEpoch);
        Assert.Equal(JobStatus.Paused, snapshot.Job.Status);
        Assert.Equal("Too few devices.", snapshot.Job.StatusReason);
        Assert.Equal(AssignmentDisposition.Discarded, discarded.Disposition);
        Assert.Equal("Nobody came.", discarded.Reason);
    }

    [Fact]
    public async Task RollBackAsync_EarlierVersion_MakesItCurrent()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        var version = Version(1) with { Parent = 0, Origin = ModelVersionOrigin.RollBack };

        await store.RollBackAsync(lease, version, 9, Cancellation);

        var snapshot = await store.AcquireAsync(Job, Cancellation);
        Assert.Equal(version, snapshot!.Current);
        Assert.Equal(9, snapshot.Job.StateEpoch);
    }

    [Fact]
    public async Task ListActiveAsync_EndedJob_IsLeftOut()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        var before = await store.ListActiveAsync(Cancellation);

        await store.SetStatusAsync(lease, JobStatus.Completed, null, Cancellation);

        Assert.Equal([Job], before);
        Assert.Empty(await store.ListActiveAsync(Cancellation));
    }

    [Fact]
    public async Task HasWorkedAsync_BeforeAndAfterItsFirstTask_TellsThemApart()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        var before = await store.HasWorkedAsync(Job.TenantId, "device-0", Cancellation);

        await store.OpenRoundAsync(lease, OpenRound(), [Assignment(0)], Cancellation);

        Assert.False(before);
        Assert.True(await store.HasWorkedAsync(Job.TenantId, "device-0", Cancellation));
        Assert.False(await store.HasWorkedAsync(Job.TenantId, "device-1", Cancellation));
        Assert.False(await store.HasWorkedAsync("another", "device-0", Cancellation));
    }

    [Fact]
    public async Task ReadRevokedAsync_BeforeAtAndAfterTheTime_LeavesOutTheEarlierAndOtherTenants()
    {
        var contexts = await OpenAsync();
        await using (var context = contexts.CreateDbContext())
        {
            context.Devices.AddRange(
                Device("early", Start - TimeSpan.FromSeconds(1)), Device("then", Start), Device("late", Start + TimeSpan.FromDays(1)), Device("never", null),
                Device("foreign", Start, "another"));
            await context.SaveChangesAsync(Cancellation);
        }

        var revoked = await new EfJobStore(contexts).ReadRevokedAsync(Job.TenantId, Start, Cancellation);

        Assert.Equal(["late", "then"], revoked.Order(StringComparer.Ordinal));
    }

    private static DeviceRow Device(string id, DateTimeOffset? revokedAt, string tenant = "default") => new()
    {
        TenantId = tenant,
        DeviceId = id,
        PublicKey = [1],
        DisplayName = id,
        SdkVersion = "1.0.0",
        EnrolledAt = Start,
        EnrolmentTokenId = "token",
        RevokedAt = revokedAt,
    };

    [Fact]
    public async Task AcquireAsync_FromManyTakers_GivesEachItsOwnEpoch()
    {
        var store = await CreateStoreAsync();
        await store.CreateAsync(NewJob(), Version(0), Cancellation);

        var snapshots = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => store.AcquireAsync(Job, Cancellation))));

        Assert.Equal(Enumerable.Range(1, 8).Select(epoch => (long)epoch), snapshots.Select(snapshot => snapshot!.Job.WriterEpoch).Order());
    }

    [Fact]
    public async Task CommitRoundAsync_AsynchronousJob_SettlesAssignmentsOfSeveralRoundsAndLeavesTheRest()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        var round2 = Round1 with { Round = 2 };
        AssignmentRecord[] first = [Ticket(Round1, 0), Ticket(Round1, 1), Ticket(Round1, 2)];
        await store.OpenRoundAsync(lease, OpenRound(), first, Cancellation);
        var next = new RoundStart(OpenRound() with { Key = round2, BaseVersion = 1 }, []);
        await store.CommitRoundAsync(Buffer(lease, Round1, 1, [first[0]], []) with { Next = next }, Task.CompletedTask, Cancellation);
        await store.AddAssignmentsAsync(lease, [Ticket(round2, 0)], Cancellation);
        await store.AddFailureAsync(lease, new ClientFailureRecord(first[2].AssignmentId, Round1, "device-2", "timed-out", "It was silent.", Start), Cancellation);

        var open = await store.AcquireAsync(Job, Cancellation);
        lease = new WriterLease(Job, open!.Job.WriterEpoch);
        var outcome = await store.CommitRoundAsync(Buffer(lease, round2, 2, [first[1]], []), Task.CompletedTask, Cancellation);

        var closed = await store.AcquireAsync(Job, Cancellation);
        lease = new WriterLease(Job, closed!.Job.WriterEpoch);
        Assert.Equal([first[1].AssignmentId, first[2].AssignmentId, Ticket(round2, 0).AssignmentId], open.Assignments.Select(record => record.AssignmentId));
        Assert.Equal("timed-out", Assert.Single(open.Failures).Kind);
        Assert.Equal(StoreOutcome.Done, outcome);
        Assert.Null(closed.OpenRound);
        Assert.Equal([first[2].AssignmentId, Ticket(round2, 0).AssignmentId], closed.Assignments.Select(record => record.AssignmentId));
        var counted = Assert.Single(await store.FindAssignmentsAsync("default", "device-1", [first[1].AssignmentId], Cancellation));
        Assert.Equal((1, 2), (counted.Round.Round, counted.ModelVersion));

        await store.RollBackAsync(lease, Version(3) with { Origin = ModelVersionOrigin.RollBack }, 1, Cancellation);
        var rolledBack = await store.AcquireAsync(Job, Cancellation);
        Assert.Empty(rolledBack!.Assignments);
        Assert.Equal(
            AssignmentDisposition.Discarded,
            Assert.Single(await store.FindAssignmentsAsync("default", "device-2", [first[2].AssignmentId], Cancellation)).Disposition);
    }

    [Fact]
    public async Task SetStatusAsync_Stopped_DiscardsWhatIsPending()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        AssignmentRecord[] first = [Ticket(Round1, 0), Ticket(Round1, 1)];
        await store.OpenRoundAsync(lease, OpenRound(), first, Cancellation);
        await store.CommitRoundAsync(Buffer(lease, Round1, 1, [first[0]], []), Task.CompletedTask, Cancellation);

        await store.SetStatusAsync(lease, JobStatus.Stopped, "Enough.", Cancellation);

        var left = Assert.Single(await store.FindAssignmentsAsync("default", "device-1", [first[1].AssignmentId], Cancellation));
        Assert.Equal((AssignmentDisposition.Discarded, "Enough."), (left.Disposition, left.Reason));
    }

    private static readonly RoundMetrics Metrics = new(2, 1, 1, 12.5, 4096, 8192, UpdateNorm: 0.5) { DownError = 0.25 };

    private static readonly CountedUpdate Counted = new("a-0", 12.5, 40, 4096, double.NaN, 1.25, new UpdateScore(null, -0.5))
    {
        BytesDown = 4242,
        Compression = new CompressionFigures(0.25, 3.5, 7),
    };

    private static JobRecord NewJob()
    {
        return new JobRecord(Job, new JobDefinition { Name = "digits" }, JobStatus.Running, null, Start, 0, 0, 0);
    }

    private static ModelVersionRecord Version(int version)
    {
        return new ModelVersionRecord(
            Job, version, new string('a', 64), 1000 + version, new string('b', 64), version == 0 ? null : new string('c', 64), version,
            version == 0 ? null : version - 1, version == 0 ? ModelVersionOrigin.Initial : ModelVersionOrigin.Round, Start.AddMinutes(version));
    }

    [Fact]
    public async Task AcquireAsync_StatisticsAbandonedAndThenClosed_CountsThemSinceTheLastThatClosed()
    {
        var store = await CreateStoreAsync();
        var lease = await CreateJobAsync(store);
        for (var round = 0; round < 2; round++)
        {
            var key = Round1 with { Round = round, Kind = TaskKind.Statistics };
            await store.OpenRoundAsync(lease, OpenRound() with { Key = key }, [], Cancellation);
            await store.AbandonRoundAsync(Abandonment(lease) with { Round = key, Failures = [] }, Cancellation);
        }

        Assert.Equal(2, (await store.AcquireAsync(Job, Cancellation))!.FailedStatistics);
    }

    private static RoundRecord OpenRound()
    {
        return new RoundRecord(Round1, RoundState.Open, 0, 0, Start, Start.AddMinutes(10));
    }

    private static AssignmentRecord Assignment(int number)
    {
        return new AssignmentRecord($"a-{number}", Round1, number, $"device-{number}", uint.MaxValue - (uint)number, "worker", Start);
    }

    private static ClientFailureRecord Failure(int number, string kind)
    {
        return new ClientFailureRecord($"a-{number}", Round1, $"device-{number}", kind, "It broke.", Start);
    }

    private static RoundCommit Commit(WriterLease lease)
    {
        return new RoundCommit(
            lease, Round1, Start.AddMinutes(1), [Counted],
            [new DiscardedUpdate("a-1", "It came after the round had closed.")], [Failure(1, "late")], Metrics, Version(1),
            JobStatus.Running, null, StatisticsBlobId: new string('d', 64));
    }

    private static AssignmentRecord Ticket(RoundKey round, int number)
    {
        return new AssignmentRecord(AssignmentIds.Of(round, number), round, number, $"device-{number}", (uint)number, "worker", Start);
    }

    private static RoundCommit Buffer(WriterLease lease, RoundKey round, int version, AssignmentRecord[] counted, AssignmentRecord[] discarded)
    {
        return new RoundCommit(
            lease, round, Start.AddMinutes(1), [.. counted.Select(record => new CountedUpdate(record.AssignmentId, 1, 2, 3, 0.5, 1))],
            [.. discarded.Select(record => new DiscardedUpdate(record.AssignmentId, "It was too late."))], [], Metrics, Version(version), JobStatus.Running, null)
        {
            IsAsynchronous = true,
        };
    }

    private static RoundAbandonment Abandonment(WriterLease lease)
    {
        return new RoundAbandonment(
            lease, Round1, Start.AddMinutes(1), "Nobody came.", [Failure(0, "timed-out")], 3, JobStatus.Paused, "Too few devices.");
    }

    private static async Task<WriterLease> CreateJobAsync(IJobStore store)
    {
        await store.CreateAsync(NewJob(), Version(0), Cancellation);
        return new WriterLease(Job, (await store.AcquireAsync(Job, Cancellation))!.Job.WriterEpoch);
    }
}
