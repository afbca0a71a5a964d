using Federated.Coordination.Anarchic;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Jobs without rounds in the live coordinator: tickets outlive the version that they were made for.</summary>
public sealed class AsynchronousJobTests
{
    /// <summary>Who sends, in order; with two of three in a buffer, the third is behind.</summary>
    private static readonly int[] Senders = [0, 1, 2, 0, 1, 0, 2, 1, 0];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public async Task Job_StaleAndFreshArrivals_MakesTheVersionsOfThePureHalf(string algorithm)
    {
        await using var world = new CoordinationWorld(Job(algorithm, versions: 9));
        await world.CreateJobAsync();
        IAnarchicAlgorithm half = AnarchicAlgorithms.BuiltIn.Create(world.Definition, CoordinationWorld.Schema);
        var expected = new ModelContent(CoordinationWorld.Schema, [1, 2, 3]);
        List<float[]> versions = [[1, 2, 3]];
        var tickets = new Dictionary<int, TaskAssignment>();
        foreach (int device in Senders.Take(algorithm == "fedasync" ? 4 : 8))
        {
            foreach (int free in Enumerable.Range(0, 3).Where(number => !tickets.ContainsKey(number)).ToArray())
            {
                // A device whose update waits is given no task before the version is made.
                CheckInReply reply = await world.CheckInAsync($"device-{free}", waitMs: 0);
                if (reply.Assignment is { } task)
                {
                    tickets[free] = task;
                }
            }

            if (!tickets.Remove(device, out TaskAssignment? ticket))
            {
                continue;
            }

            double[] values = [.. Enumerable.Range(0, 3).Select(i => (double)(0.25f * (device + 1) * (i - 1)))];
            int before = versions.Count - 1;
            Assert.True(world.Tier.Upload(ticket.TicketContent, values, weight: 1, steps: device + 2));
            half.Offer(Update(ticket, device, values, versions));
            if (half.CanAdvance)
            {
                half.Advance(expected);
                versions.Add([.. expected.Parameters]);
                await UntilVersionAsync(world, before + 1);
            }
            else
            {
                await world.UntilAsync(progress => progress.Stored == half.Buffered);
            }
        }

        ModelVersionRecord[] made = [.. world.Store.Versions];
        Assert.Equal(versions.Count, made.Length);
        Assert.InRange(made.Length, 4, 5);
        Assert.All(made.Zip(versions), pair => Assert.Equal(pair.Second, world.ModelOf(pair.First.BlobId).Parameters));
        Assert.Contains(world.Store.Assignments, record => record.ModelVersion - record.Round.Round > 0);
    }

    [Fact]
    public async Task Update_SentTwice_CountsOnce()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 4));
        await world.CreateJobAsync();
        TaskAssignment first = await TaskAsync(world, 0);
        TaskAssignment second = await TaskAsync(world, 1);

        Assert.True(Send(world, first));
        Assert.True(Send(world, first));
        Assert.Equal(1, (await world.UntilAsync(progress => progress.Stored == 1)).Stored);
        Assert.True(Send(world, second));
        await UntilVersionAsync(world, 1);

        Assert.False(Send(world, first));
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-0", first.AssignmentId));
        Assert.Equal(0, world.Directory.Progress(world.Job)!.Stored);
        Assert.Equal(2, world.Store.Assignments.Count(record => record.Disposition == AssignmentDisposition.Counted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_Revoked_IsTakenOutOfTheMemoryAndNotWaitedFor(bool restarts)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4));
        await world.CreateJobAsync();
        TaskAssignment[] first = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(first, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 1);
        Assert.Equal([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);

        // The model waits for the third worker, who will not come any more.
        world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        TaskAssignment[] second = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(second, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 2);
        float[] moved = world.ModelOf(world.Store.Versions[^1].BlobId).Parameters;
        Assert.NotEqual([1, 2, 3], moved);

        if (restarts)
        {
            await world.RestartAsync(_ => false);
        }

        TaskAssignment[] third = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(third, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 3);
        Assert.NotEqual(moved, world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_RevokedWhileTheBufferNeedsEverybody_IsNotWaitedForThere(bool restarts)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4, ("buffer", 3)));
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        Assert.All(tasks[..2], task => Assert.True(Send(world, task)));
        await world.UntilAsync(progress => progress.Stored == 2);

        world.Store.Revoked["device-2"] = world.Time.GetUtcNow();
        if (restarts)
        {
            // The server is stopped before any coordinator hears of it.
            await world.RestartAsync(_ => false);
        }
        else
        {
            world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        }

        await UntilVersionAsync(world, 1);
        Assert.NotEqual([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Fact]
    public async Task Device_RevokedBeforeARollBack_IsNotWaitedForAfterIt()
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4, ("buffer", 3)));
        await world.CreateJobAsync();
        world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        TaskAssignment[] before = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(before, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 1);

        Assert.Equal(JobCommandOutcome.Done, await world.Directory.RollBackAsync(world.Job, 0, Cancel));
        TaskAssignment[] after = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(after, task => Assert.True(Send(world, task)));
        await world.UntilAsync(progress => progress.TrainingRounds == 1 && progress.Version > 2);

        Assert.NotEqual([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Fact]
    public async Task Update_TooManyVersionsBehind_IsGivenUp()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9, ("buffer", 1), ("maxStaleness", 1)));
        await world.CreateJobAsync();
        TaskAssignment slow = await TaskAsync(world, 2);
        Send(world, await TaskAsync(world, 0));
        await UntilVersionAsync(world, 1);
        Assert.Equal(DispositionKind.Pending, await world.DispositionAsync("device-2", slow.AssignmentId));

        Send(world, await TaskAsync(world, 0));
        await UntilVersionAsync(world, 2);

        UpdateDisposition fate = await world.FateAsync("device-2", slow.AssignmentId);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("More than 1 versions", fate.Reason, StringComparison.Ordinal);
        Assert.False(Send(world, slow));
        Assert.Equal(2u, (await TaskAsync(world, 2)).TicketContent.BaseModelVersion);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_WithTicketsOfTwoVersions_TakesThemAll(bool losesWhatIsStored)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4));
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        Send(world, tasks[0]);
        Send(world, tasks[1]);
        await UntilVersionAsync(world, 1);
        TaskAssignment later = await TaskAsync(world, 0);
        Send(world, tasks[2]);
        await world.UntilAsync(progress => progress.Stored == 1);

        await world.RestartAsync(_ => losesWhatIsStored);

        Assert.Equal(
            losesWhatIsStored ? DispositionKind.Resend : DispositionKind.Pending, await world.DispositionAsync("device-2", tasks[2].AssignmentId));
        Assert.Equal(DispositionKind.Resend, await world.DispositionAsync("device-0", later.AssignmentId));
        Assert.False(Send(world, tasks[0]));
        Assert.True(Send(world, tasks[2]));
        Assert.True(Send(world, later));
        await UntilVersionAsync(world, 2);
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-2", tasks[2].AssignmentId));
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-0", later.AssignmentId));
    }

    [Fact]
    public async Task RollBack_TicketsThatAreOut_AreVoid()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9));
        await world.CreateJobAsync();
        TaskAssignment out1 = await TaskAsync(world, 2);
        Send(world, await TaskAsync(world, 0));
        Send(world, await TaskAsync(world, 1));
        await UntilVersionAsync(world, 1);

        Assert.Equal(JobCommandOutcome.Done, await world.Directory.RollBackAsync(world.Job, 0, Cancel));

        Assert.False(Send(world, out1));
        Assert.Equal(DispositionKind.Discarded, await world.DispositionAsync("device-2", out1.AssignmentId));
        TaskAssignment next = await TaskAsync(world, 2);
        Assert.Equal(2u, next.StateEpoch);
        Send(world, next);
        Send(world, await TaskAsync(world, 0));
        await world.UntilAsync(progress => progress.TrainingRounds == 1 && progress.Version > 2);
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-2", next.AssignmentId));
    }

    [Fact]
    public async Task Pause_BufferFillsUp_NextOneTakesTheRestAfterTheResumption()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9));
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        await world.Directory.PauseAsync(world.Job, Cancel);

        Assert.True(Send(world, tasks[0]));
        Assert.True(Send(world, tasks[1]));
        await UntilVersionAsync(world, 1);
        Assert.False(Send(world, tasks[2]));
        Assert.Equal(DispositionKind.Pending, await world.DispositionAsync("device-2", tasks[2].AssignmentId));
        await world.RestartAsync(_ => false);
        await world.UntilAsync(progress => progress.Status == JobStatus.Paused);
        Task<DispositionKind> news = world.DispositionAsync("device-2", tasks[2].AssignmentId, waitMs: 60_000);
        await world.Directory.ResumeAsync(world.Job, Cancel);

        Assert.Equal(DispositionKind.Resend, await news);
        Assert.True(Send(world, tasks[2]));
        Assert.True(Send(world, await TaskAsync(world, 0)));
        await UntilVersionAsync(world, 2);
        Assert.Equal(2, world.Store.Assignments.Single(record => record.AssignmentId == tasks[2].AssignmentId).ModelVersion);
    }

    [Fact]
    public async Task Flush_TimeHasPassed_FewerUpdatesMakeAVersion()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9, ("buffer", 3), ("flushSeconds", 60), ("flushMinimum", 2)));
        await world.CreateJobAsync();
        Send(world, await TaskAsync(world, 0));
        await world.UntilAsync(progress => progress.Stored == 1);
        world.Time.Advance(TimeSpan.FromSeconds(61));
        await world.UntilAsync(progress => progress.Version == 0 && progress.Stored == 1);

        Send(world, await TaskAsync(world, 1));

        await UntilVersionAsync(world, 1);
        Assert.Equal(2, world.Store.Rounds.Single(round => round.Key.Round == 1).Metrics!.Counted);
    }

    [Fact]
    public async Task Buffer_OfWhichTooFewCanBeUsed_LeavesNothingToTheNext()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9, ("flushMinimum", 2)));
        await world.CreateJobAsync();
        TaskAssignment good = await TaskAsync(world, 0), bad = await TaskAsync(world, 1);
        Assert.True(world.Tier.Upload(good.TicketContent, [9, 9, 9], weight: 1));
        Assert.True(world.Tier.Upload(bad.TicketContent, [9, 9, 9], weight: 1, steps: int.MaxValue));
        UpdateDisposition fate = await world.FateAsync("device-0", good.AssignmentId, waitMs: 60_000);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("can be used", fate.Reason, StringComparison.Ordinal);

        var expected = new ModelContent(CoordinationWorld.Schema, [1, 2, 3]);
        IAnarchicAlgorithm half = AnarchicAlgorithms.BuiltIn.Create(world.Definition, CoordinationWorld.Schema);
        foreach (int device in (int[])[0, 1])
        {
            TaskAssignment task = await TaskAsync(world, device);
            half.Offer(Update(task, device, [0.5, -0.5, device], [[1, 2, 3]]));
            Assert.True(world.Tier.Upload(task.TicketContent, [0.5, -0.5, device], weight: 1, steps: device + 2));
        }

        half.Advance(expected);
        await UntilVersionAsync(world, 2);
        Assert.Equal(2, world.Store.Rounds.Single(round => round.Key.Round == 2).Metrics!.Counted);
        Assert.Equal(expected.Parameters, world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Fact]
    public async Task SilentDevice_TimeHasPassed_MakesRoomAndMayStillCome()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9) with { Round = new() { CohortSize = 1, DeadlineSeconds = 100, Population = 3 } });
        await world.CreateJobAsync();
        TaskAssignment silent = await TaskAsync(world, 0);
        Assert.Equal(RejectionReason.CohortFull, (await world.CheckInAsync("device-1", waitMs: 0)).Rejection.Reason);
        Task<CheckInReply> waiting = world.CheckInAsync("device-1");

        world.Time.Advance(TimeSpan.FromSeconds(101));
        TaskAssignment other = (await waiting).Assignment;
        Assert.True(Send(world, silent));
        Assert.True(Send(world, other));
        await UntilVersionAsync(world, 1);

        Assert.Equal(2, world.Store.Assignments.Count(record => record.Disposition == AssignmentDisposition.Counted));
    }

    [Fact]
    public async Task Device_AsksForAnotherTask_GetsOneOfThePresentVersion()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9, ("buffer", 1)));
        await world.CreateJobAsync();
        TaskAssignment lost = await TaskAsync(world, 0);
        Send(world, await TaskAsync(world, 1));
        await UntilVersionAsync(world, 1);

        TaskAssignment next = await TaskAsync(world, 0);

        Assert.NotEqual(lost.AssignmentId, next.AssignmentId);
        Assert.Equal(1u, next.TicketContent.BaseModelVersion);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_LostOrGaveUpItsTask_GetsTheSameOfThisVersionAgain(bool givesUp)
    {
        await using var world = new CoordinationWorld(Job("fedasync", versions: 9));
        await world.CreateJobAsync();
        TaskAssignment task = await TaskAsync(world, 0);
        if (givesUp)
        {
            var report = new FailureReport { AssignmentId = task.AssignmentId, Kind = "interrupted", Message = "The device does not charge." };
            Assert.True(await world.Directory.Devices.ReportFailureAsync(new DeviceIdentity(CoordinationWorld.Tenant, "device-0"), report, Cancel));
        }

        TaskAssignment again = await TaskAsync(world, 0);

        Assert.Equal(task.AssignmentId, again.AssignmentId);
        Assert.True(Send(world, again));
        await UntilVersionAsync(world, 1);
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-0", task.AssignmentId));
    }

    [Fact]
    public async Task Evaluation_BetweenBuffers_LosesNoUpdate()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 2) with { Evaluation = new() { EveryRounds = 1, CohortSize = 1 } });
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        Send(world, tasks[0]);
        Send(world, tasks[1]);
        await UntilVersionAsync(world, 1);
        Assert.False(Send(world, tasks[2]));
        Task<DispositionKind> news = world.DispositionAsync("device-2", tasks[2].AssignmentId, waitMs: 60_000);

        TaskAssignment evaluation = await TaskAsync(world, 0);
        Assert.Equal(TaskKind.Evaluate, evaluation.Kind);
        Assert.True(world.Tier.Upload(evaluation.TicketContent, [1, 2, 3], 1));

        Assert.Equal(DispositionKind.Resend, await news);
        Assert.True(Send(world, tasks[2]));
        Assert.True(Send(world, await TaskAsync(world, 1)));
        await UntilVersionAsync(world, 2);
        evaluation = await TaskAsync(world, 0);
        Assert.True(world.Tier.Upload(evaluation.TicketContent, [1, 2, 3], 1));
        await UntilEndedAsync(world);
        Assert.DoesNotContain(world.Store.Assignments, record => record.Disposition == AssignmentDisposition.Pending);
    }

    [Fact]
    public async Task LastVersion_TicketsThatAreOut_AreDiscarded()
    {
        await using var world = new CoordinationWorld(Job("fedasync", versions: 1));
        await world.CreateJobAsync();
        TaskAssignment late = await TaskAsync(world, 0);
        Send(world, await TaskAsync(world, 1));

        await UntilEndedAsync(world);

        Assert.Equal(JobStatus.Completed, world.Store.Job(world.Job).Status);
        Assert.Equal(DispositionKind.Discarded, await world.DispositionAsync("device-0", late.AssignmentId));
    }

    [Fact]
    public async Task Stop_TicketsThatAreOut_AreDiscarded()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 5));
        await world.CreateJobAsync();
        TaskAssignment out1 = await TaskAsync(world, 0);

        await world.Directory.StopJobAsync(world.Job, Cancel);

        Assert.Equal(DispositionKind.Discarded, await world.DispositionAsync("device-0", out1.AssignmentId));
    }

    [Fact]
    public async Task Create_MemoryBeyondItsBudget_ProposesTheOtherAlgorithm()
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 5, ("memoryMegabytes", 0.00001)));
        string blob = world.Blobs.Put(ModelFile.Write(new ModelContent(CoordinationWorld.Schema, [1, 2, 3]))).ToString();

        CreateJobResult result = await world.Directory.CreateAsync(CoordinationWorld.Tenant, world.Definition, blob, Cancel);

        Assert.Contains("afa-cd", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statistics_BetweenBuffers_AreTakenWhereTheyAreDue()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 5) with
        {
            Statistics = new() { Kinds = ["features"], EveryRounds = 2, Features = 3, CohortSize = 2 },
        });
        await world.CreateJobAsync();

        await world.RunDevicesAsync(3);

        RoundRecord[] taken = [.. world.Store.Rounds.Where(round => round.Key.Kind == TaskKind.Statistics && round.State == RoundState.Closed)];
        Assert.Equal([0, 2, 4], taken.Select(round => round.Key.Round).Order());
        Assert.Equal((JobStatus.Completed, 5), (world.Store.Job(world.Job).Status, world.Store.Job(world.Job).CurrentVersion));
    }

    private static JobDefinition Job(string algorithm, int versions, params (string Name, double Value)[] parameters)
    {
        var job = new JobDefinition
        {
            Rounds = versions,
            Algorithm = new AlgorithmSettings { Name = algorithm },
            Round = new() { CohortSize = 3, Population = 3, DeadlineSeconds = 100 },
            Evaluation = new() { EveryRounds = 0 },
        };
        if (algorithm != "fedasync")
        {
            job.Algorithm.Parameters["buffer"] = 2;
        }

        foreach ((string name, double value) in parameters)
        {
            job.Algorithm.Parameters[name] = value;
        }

        return job;
    }

    private static AnarchicUpdate Update(TaskAssignment ticket, int device, double[] values, List<float[]> versions) => new()
    {
        Id = ticket.AssignmentId,
        ClientIndex = ticket.Training.ClientIndex,
        PulledVersion = ticket.TicketContent.BaseModelVersion,
        Steps = device + 2,
        Examples = 1,
        Delta = values.Select(value => (float)value).ToArray(),
        PulledParameters = versions[(int)ticket.TicketContent.BaseModelVersion],
    };

    private static async Task<TaskAssignment> TaskAsync(CoordinationWorld world, int device)
    {
        CheckInReply reply = await world.CheckInAsync($"device-{device}");
        Assert.True(reply.Assignment is not null, $"{reply}");
        return reply.Assignment;
    }

    private static bool Send(CoordinationWorld world, TaskAssignment task) => world.Tier.Upload(task.TicketContent, [0.5, -0.5, 1], weight: 1);

    private static Task<JobProgress> UntilVersionAsync(CoordinationWorld world, int version) =>
        world.UntilAsync(progress => progress.Version == version && progress.Phase is RoundPhase.Reporting or RoundPhase.Idle or RoundPhase.Selection);

    private static async Task UntilEndedAsync(CoordinationWorld world)
    {
        for (long attempt = 0; attempt < 5_000_000 && world.Store.Job(world.Job).Status is JobStatus.Running or JobStatus.Paused; attempt++)
        {
            await Task.Yield();
        }

        await world.Directory.StopAsync();
    }
}
