using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>When the buffer of a job without rounds becomes a version: as in the simulator, when the algorithm has enough updates.</summary>
public sealed class AsynchronousBufferTests : AsynchronousJob
{
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

    [Theory]
    [InlineData("afa-cs", false)]
    [InlineData("afa-cs", true)]
    [InlineData("afa-cd", false)]
    [InlineData("afa-cd", true)]
    public async Task Buffer_WithTwoUpdatesOfOneDevice_WaitsForAnother(string algorithm, bool restarts)
    {
        await using var world = new CoordinationWorld(Job(algorithm, versions: 9));
        await world.CreateJobAsync();
        (TaskAssignment early, TaskAssignment late) = await TwoTasksOfOneDeviceAsync(world);
        Assert.True(Send(world, early));
        Assert.True(Send(world, late));
        if (restarts)
        {
            await world.RestartAsync(_ => false);
        }

        TaskAssignment other = await TaskAsync(world, 1);
        await UntilTakenAsync(world, other);
        await UntilVersionAsync(world, 2);

        Assert.Equal(2, world.Store.Rounds.Single(round => round.Key.Round == 2).Metrics!.Counted);
        Assert.Equal(
            [late.AssignmentId, other.AssignmentId],
            world.Store.Assignments.Where(record => record.ModelVersion == 2).Select(record => record.AssignmentId).Order());
        UpdateDisposition fate = await world.FateAsync("device-0", early.AssignmentId);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("a later one of the same device", fate.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buffer_OfWhichOneIsRefused_MakesTheVersionOfThePureHalf()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9));
        await world.CreateJobAsync();
        var expected = new ModelContent(CoordinationWorld.Schema, [1, 2, 3]);
        IAnarchicAlgorithm half = AnarchicAlgorithms.BuiltIn.Create(world.Definition, CoordinationWorld.Schema);
        TaskAssignment bad = await TaskAsync(world, 2);
        Assert.True(world.Tier.Upload(bad.TicketContent, [9, 9, 9], weight: 1, steps: int.MaxValue));
        foreach (int device in (int[])[0, 1])
        {
            TaskAssignment task = await TaskAsync(world, device);
            half.Offer(Update(task, device, [0.5, -0.5, device], [[1, 2, 3]]));
            await UntilTakenAsync(world, task, device + 2, [0.5, -0.5, device]);
        }

        half.Advance(expected);
        await UntilVersionAsync(world, 1);

        Assert.Equal(2, world.Store.Rounds.Single(round => round.Key.Round == 1).Metrics!.Counted);
        Assert.Equal(expected.Parameters, world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
        Assert.Equal(DispositionKind.Discarded, await world.DispositionAsync("device-2", bad.AssignmentId));
    }

    [Fact]
    public async Task Buffer_OfWhichAnUpdateIsLostWhileItCloses_AsksForItAgain()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9));
        await world.CreateJobAsync();
        TaskAssignment lost = await TaskAsync(world, 0), kept = await TaskAsync(world, 1);
        world.Tier.LosesAtClose = id => id == lost.AssignmentId;
        Task<DispositionKind> news = world.DispositionAsync("device-0", lost.AssignmentId, waitMs: 60_000);
        Assert.True(Send(world, lost));
        Assert.True(Send(world, kept));

        Assert.Equal(DispositionKind.Resend, await news);
        Assert.True(Send(world, lost));
        await UntilVersionAsync(world, 1);

        Assert.Equal(2, world.Store.Rounds.Single(round => round.Key.Round == 1).Metrics!.Counted);
    }

    [Fact]
    public async Task Flush_FirstUpdateIsRefused_CountsFromTheNextOne()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9, ("buffer", 3), ("flushSeconds", 60), ("flushMinimum", 2)));
        await world.CreateJobAsync();
        (TaskAssignment early, TaskAssignment late) = await TwoTasksOfOneDeviceAsync(world, flushSeconds: 61);
        Assert.True(Send(world, early));
        await world.UntilAsync(progress => progress.Stored == 1);
        world.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(Send(world, late));
        await world.UntilAsync(progress => progress.Stored == 2);
        DateTimeOffset first = world.Time.GetUtcNow();
        Assert.True(Send(world, await TaskAsync(world, 1)));

        world.Time.Advance(TimeSpan.FromSeconds(31));
        await world.UntilAsync(progress => progress is { Version: 1, Stored: 2, Phase: RoundPhase.Reporting });
        world.Time.Advance(TimeSpan.FromSeconds(30));
        await UntilVersionAsync(world, 2);

        RoundRecord round = world.Store.Rounds.Single(round => round.Key.Round == 2);
        Assert.Equal((2, first + TimeSpan.FromSeconds(61)), (round.Metrics!.Counted, round.ClosedAt));
        Assert.Equal(DispositionKind.Discarded, await world.DispositionAsync("device-0", early.AssignmentId));
    }

    [Fact]
    public async Task Buffer_OfWhichTooFewOfTwiceAsManyCanBeUsed_LeavesNothingToTheNext()
    {
        await using var world = new CoordinationWorld(Job("fedbuff", versions: 9, ("flushMinimum", 2)) with { Round = new() { CohortSize = 4, Population = 4 } });
        await world.CreateJobAsync();
        TaskAssignment good = await TaskAsync(world, 0);
        Assert.True(world.Tier.Upload(good.TicketContent, [9, 9, 9], weight: 1));
        foreach (int device in (int[])[1, 2, 3])
        {
            TaskAssignment bad = await TaskAsync(world, device);
            await UntilTakenAsync(world, bad, steps: int.MaxValue);
        }

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

    /// <summary>The first version is made of the others; a device that then asks for another task may send the update of its first one all the same.</summary>
    private static async Task<(TaskAssignment Early, TaskAssignment Late)> TwoTasksOfOneDeviceAsync(CoordinationWorld world, double flushSeconds = 0)
    {
        TaskAssignment early = await TaskAsync(world, 0);
        Assert.True(Send(world, await TaskAsync(world, 1)));
        Assert.True(Send(world, await TaskAsync(world, 2)));
        await world.UntilAsync(progress => progress.Stored == 2 || progress.Version == 1);
        world.Time.Advance(TimeSpan.FromSeconds(flushSeconds));
        await UntilVersionAsync(world, 1);
        TaskAssignment late = await TaskAsync(world, 0);
        Assert.NotEqual(early.AssignmentId, late.AssignmentId);
        return (early, late);
    }

    /// <summary>A buffer of which the algorithm has just refused something takes no update before it is open again.</summary>
    private static async Task UntilTakenAsync(CoordinationWorld world, TaskAssignment task, int steps = 5, double[]? values = null)
    {
        while (!world.Tier.Upload(task.TicketContent, values ?? [0.5, -0.5, 1], weight: 1, steps))
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
