using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>
/// The coordinator of an asynchronous job is torn down at every step, before and after each call to the store, the tier and the blobs takes effect. Which update is in which version may
/// differ from the undisturbed job; every update is in one version or in none, its device was told so, and the models follow from them.
/// </summary>
public sealed class AsynchronousCrashTests
{
    private const int Versions = 4;
    private const int Devices = 3;

    public enum Death
    {
        /// <summary>The coordinator fails; the tier lives on.</summary>
        Coordinator,

        /// <summary>The process dies; everything that was stored is recovered.</summary>
        ProcessWithJournal,

        /// <summary>The process dies; everything that was stored is lost.</summary>
        ProcessInMemory,
    }

    [Theory]
    [InlineData(Death.Coordinator)]
    [InlineData(Death.ProcessWithJournal)]
    [InlineData(Death.ProcessInMemory)]
    public async Task RunJob_TornDownAtEveryStep_CountsEachUpdateOnceOrNever(Death death)
    {
        int steps;
        await using (var world = NewWorld())
        {
            await RunAsync(world, int.MaxValue);
            AssertLaws(world);
            steps = world.Faults.Steps;
        }

        Assert.InRange(steps, 40, 500);
        for (int step = 1; step <= steps; step++)
        {
            await using var world = NewWorld();
            world.Faults.Strikes = () =>
            {
                if (death != Death.Coordinator)
                {
                    world.Tier.Die(_ => death == Death.ProcessInMemory);
                }
            };
            await RunAsync(world, step);

            AssertLaws(world);
        }
    }

    private static CoordinationWorld NewWorld() => new(new JobDefinition
    {
        Rounds = Versions,
        Algorithm = new AlgorithmSettings { Name = "afa-cs", Parameters = { ["buffer"] = 2, ["absent"] = 2, ["maxStaleness"] = 2, ["memoryMegabytes"] = 0.001 } },
        Round = new() { CohortSize = Devices, Population = Devices, DeadlineSeconds = 100 },
        Evaluation = new() { EveryRounds = 2, CohortSize = 2 },
    });

    private static async Task RunAsync(CoordinationWorld world, int strikeAt)
    {
        await world.CreateJobAsync();
        world.Faults.StrikeAtStep(strikeAt);
        await world.RunDevicesAsync(Devices);
        await world.Directory.StopAsync();
    }

    private static void AssertLaws(CoordinationWorld world)
    {
        JobRecord job = world.Store.Job(world.Job);
        Assert.True(job is { Status: JobStatus.Completed, CurrentVersion: Versions }, $"{world.Faults.StruckAt}: {job}");
        Assert.DoesNotContain(world.Store.Rounds, round => round.State == RoundState.Open);
        Assert.DoesNotContain(world.Store.Assignments, record => record.Disposition == AssignmentDisposition.Pending);
        Assert.Equal(0, world.Tier.HeldRounds);

        AssignmentRecord[] training = [.. world.Store.Assignments.Where(record => record.Round.Kind == TaskKind.Train)];
        IGrouping<int?, AssignmentRecord>[] byVersion =
            [.. training.Where(record => record.Disposition == AssignmentDisposition.Counted).GroupBy(record => record.ModelVersion).OrderBy(group => group.Key)];
        Assert.Equal([1, 2, 3, 4], byVersion.Select(group => group.Key));

        Assert.All(byVersion, group => Assert.Equal((2, 2), (group.Count(), group.Select(record => record.DeviceId).Distinct().Count())));
        Assert.All(training.Where(record => record.ModelVersion is not null), record => Assert.InRange(record.ModelVersion!.Value - record.Round.Round, 0, 2));
        foreach ((string id, DispositionKind told) in world.Told)
        {
            AssignmentDisposition stored = world.Store.Assignments.Single(record => record.AssignmentId == id).Disposition;
            Assert.Equal(stored == AssignmentDisposition.Counted, told == DispositionKind.Counted);
        }

        AssertModels(world, byVersion);
    }

    /// <summary>The versions are those of the algorithm fed with what counted. The order within a buffer changes no more than a rounding.</summary>
    private static void AssertModels(CoordinationWorld world, IGrouping<int?, AssignmentRecord>[] byVersion)
    {
        IAnarchicAlgorithm half = AnarchicAlgorithms.BuiltIn.Create(world.Definition, CoordinationWorld.Schema);
        var model = new ModelContent(CoordinationWorld.Schema, [1, 2, 3]);
        List<float[]> versions = [[1, 2, 3]];
        foreach (IGrouping<int?, AssignmentRecord> group in byVersion)
        {
            foreach (AssignmentRecord record in group)
            {
                int device = record.DeviceId[^1] - '0';
                int pulled = record.Round.Round - 1;
                half.Offer(new AnarchicUpdate
                {
                    Id = record.AssignmentId,
                    ClientIndex = record.ClientIndex,
                    PulledVersion = pulled,
                    Steps = record.Update!.LocalSteps,
                    Examples = record.Update.Weight,
                    Delta = versions[pulled].Select(value => (float)(0.5 * ((device * 10) - value))).ToArray(),
                });
            }

            half.Advance(model);
            versions.Add([.. model.Parameters]);
        }

        foreach ((ModelVersionRecord made, float[] expected) in world.Store.Versions.Zip(versions))
        {
            float[] actual = world.ModelOf(made.BlobId).Parameters;
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], actual[i], 1e-4);
            }
        }
    }
}
