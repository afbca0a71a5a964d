using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>
/// The coordinator is torn down at every step of a whole job, before and after each call to the store, the tier and the blobs takes effect; the
/// job must end exactly as the undisturbed one.
/// </summary>
public sealed class CoordinatorCrashTests
{
    public enum Death
    {
        /// <summary>The coordinator fails; the tier lives on.</summary>
        Coordinator,

        /// <summary>The process dies; everything that was stored is recovered.</summary>
        ProcessWithJournal,

        /// <summary>The process dies; everything that was summed is lost.</summary>
        ProcessInMemory,

        /// <summary>The process dies; a part of the updates is lost.</summary>
        ProcessInPart,
    }

    [Fact]
    public async Task RunJob_Undisturbed_MatchesTheReference()
    {
        await using var world = new CoordinationWorld();

        await RunAsync(world);

        // Momentum over the weighted mean of (10 c - w) / 2 with weights 1, 2, 3.
        double[] w = [1, 2, 3], m = new double[3];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 3; i++)
            {
                double mean = ((1 * 0.5 * (0 - w[i])) + (2 * 0.5 * (10 - w[i])) + (3 * 0.5 * (20 - w[i]))) / 6;
                m[i] = (0.9 * m[i]) + mean;
                w[i] += m[i];
            }
        }

        float[] model = FinalModel(world);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(w[i], model[i], 1e-4);
        }

        RoundRecord evaluation = world.Store.Rounds.Single(round => round.Key is { Kind: TaskKind.Evaluate, Round: 2 });
        Assert.Equal((0 + 2 + 4) / 30.0, evaluation.Metrics!.Accuracy!.Value, 1e-12);
    }

    [Theory]
    [InlineData(Death.Coordinator)]
    [InlineData(Death.ProcessWithJournal)]
    [InlineData(Death.ProcessInMemory)]
    [InlineData(Death.ProcessInPart)]
    public async Task RunJob_TornDownAtEveryStep_EndsAsTheUndisturbed(Death death)
    {
        float[] undisturbed;
        int steps;
        await using (var world = new CoordinationWorld())
        {
            await RunAsync(world);
            undisturbed = FinalModel(world);
            steps = world.Faults.Steps;
        }

        Assert.InRange(steps, 50, 500);
        for (int step = 1; step <= steps; step++)
        {
            await using var world = new CoordinationWorld();
            world.Faults.Strikes = () => Die(world, death);
            await RunAsync(world, step);

            AssertLaws(world);
            Assert.Equal(undisturbed, FinalModel(world));
        }
    }

    [Fact]
    public async Task RunJob_WithACompressedDownLink_TornDownAtEveryStep_EndsAsTheUndisturbed()
    {
        JobDefinition definition = await DownLinkAsync();
        await using var calm = new CoordinationWorld(definition);
        await RunAsync(calm);
        for (int step = 1; step <= calm.Faults.Steps; step++)
        {
            await using var world = new CoordinationWorld(definition);
            world.Faults.Strikes = () => Die(world, Death.ProcessInPart);

            await RunAsync(world, step);

            AssertLaws(world);
            Assert.Equal(FinalModel(calm), FinalModel(world));
            Assert.Equal(calm.Store.Versions[^1].StateBlobId, world.Store.Versions[^1].StateBlobId);
        }
    }

    [Fact]
    public async Task RunJob_TornDownAgainAndAgain_EndsAsTheUndisturbed()
    {
        await using var calm = new CoordinationWorld();
        await RunAsync(calm);
        await using var world = new CoordinationWorld();
        int deaths = 0;

        // Primes as distances, so that the deaths meet every kind of call, those of recovery among them.
        int[] distances = [7, 11, 13, 5, 17, 3, 19, 23, 29, 31];
        world.Faults.Strikes = () =>
        {
            Die(world, (Death)(deaths % 4));
            if (deaths < distances.Length)
            {
                world.Faults.StrikeAtStep(distances[deaths++]);
            }
        };

        await RunAsync(world, strikeAt: 10);

        Assert.Equal(distances.Length, deaths);
        AssertLaws(world);
        Assert.Equal(FinalModel(calm), FinalModel(world));
    }

    private static async Task<JobDefinition> DownLinkAsync()
    {
        await using var world = new CoordinationWorld();
        return world.Definition with { Compression = new CompressionSettings { Down = "topk:0.34" } };
    }

    private static void Die(CoordinationWorld world, Death death)
    {
        if (death != Death.Coordinator)
        {
            world.Tier.Die(assignment => death switch
            {
                Death.ProcessInMemory => true,
                Death.ProcessInPart => (assignment[^1] & 1) == 0,
                _ => false,
            });
        }
    }

    private static async Task RunAsync(CoordinationWorld world, int strikeAt = int.MaxValue)
    {
        await world.CreateJobAsync();
        world.Faults.StrikeAtStep(strikeAt);
        await world.RunDevicesAsync(3);
        await world.Directory.StopAsync();
    }

    private static void AssertLaws(CoordinationWorld world)
    {
        JobRecord job = world.Store.Job(world.Job);
        Assert.Equal((JobStatus.Completed, 3), (job.Status, job.CurrentVersion));
        Assert.Equal([0, 1, 2, 3], world.Store.Versions.Select(version => version.TrainingRounds));
        Assert.All(world.Store.Rounds, round => Assert.Equal((RoundState.Closed, 3), (round.State, round.Metrics!.Counted)));
        Assert.Equal(7, world.Store.Rounds.Count);
        AssertStatistics(world);

        // Three devices, seven rounds: each update is counted once, and its device was told so.
        Assert.Equal(21, world.Store.Assignments.Count);
        Assert.All(world.Store.Assignments, assignment => Assert.Equal(AssignmentDisposition.Counted, assignment.Disposition));
        Assert.Equal(21, world.Told.Count);
        Assert.All(world.Told.Values, kind => Assert.Equal(DispositionKind.Counted, kind));
        Assert.Equal(0, world.Tier.HeldRounds);
    }

    /// <summary>Three devices of weights 1, 2 and 3 that hold nothing but 0, 1 and 2.</summary>
    private static void AssertStatistics(CoordinationWorld world)
    {
        RoundRecord[] rounds = [.. world.Store.Rounds.Where(round => round.Key.Kind == TaskKind.Statistics).OrderBy(round => round.Key.Round)];
        Assert.Equal([0, 2], rounds.Select(round => round.Key.Round));
        foreach (RoundRecord round in rounds)
        {
            PooledStatistics pooled = PooledStatistics.Parse(world.Blobs.Read(round.StatisticsBlobId!));
            Assert.Equal((round.Key.Round, 3, 6.0), (pooled.Version, pooled.Devices, pooled.Examples));
            Assert.Equal([6, 6, 6], pooled.Features!.Counts);
            Assert.All(pooled.Features.Means, mean => Assert.Equal(8 / 6.0, mean!.Value, 1e-15));
            Assert.All(pooled.Features.Variances, variance => Assert.Equal((14 / 6.0) - (64 / 36.0), variance!.Value, 1e-14));
        }
    }

    private static float[] FinalModel(CoordinationWorld world) => world.ModelOf(world.Store.Versions[^1].BlobId).Parameters;
}
