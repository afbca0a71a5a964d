using Federated.Coordination.Anarchic;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Jobs without rounds in the live coordinator: tickets outlive the version that they were made for.</summary>
public sealed class AsynchronousJobTests : AsynchronousJob
{
    /// <summary>Who sends, in order; with two of three in a buffer, the third is behind.</summary>
    private static readonly int[] Senders = [0, 1, 2, 0, 1, 0, 2, 1, 0];

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
}
