using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Rounds that give figures instead of a model: evaluation and statistics.</summary>
public sealed class FiguresRoundTests : TwoDeviceJob
{
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
        string blob = World.Blobs.Put(ModelFile.Write(new ModelContent(CoordinationWorld.Schema, [1, 2, 3]))).ToString();
        JobDefinition definition = TwoDevices with { Statistics = new() { Kinds = ["features", "batch_norm"] } };

        CreateJobResult result = await World.Directory.CreateAsync(CoordinationWorld.Tenant, definition, blob, World.Cancel);

        Assert.Equal(["statistics.features", "statistics.kinds"], result.Errors.Select(error => error.Path));
    }
}
