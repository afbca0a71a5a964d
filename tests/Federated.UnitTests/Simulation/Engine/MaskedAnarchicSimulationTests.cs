using Federated.Protocol.Jobs;
using Federated.Protocol.Pruning;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>Asynchronous runs of sparse models.</summary>
public sealed class MaskedAnarchicSimulationTests
{
    public static TheoryData<string> Algorithms => ["afa-cd", "afa-cs", "fedbuff", "fedasync"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Run_FedTinyWithLateUpdates_LearnsAndLosesNone(string algorithm)
    {
        SimulationOutcome outcome = Run(With(algorithm, "fedtiny"));

        ModelMask mask = outcome.Model.Mask!;
        Assert.True(mask.Epoch > 2, $"{mask.Epoch}");
        Assert.Equal((int)Math.Round(0.3 * mask.PrunableCount), mask.ActiveCount);
        float[] masked = [.. outcome.Model.Parameters];
        mask.Apply(masked);
        Assert.Equal(masked, outcome.Model.Parameters);
        Assert.Contains(outcome.Rounds, round => round.Staleness.Count > 1);
        Assert.Empty(outcome.Failures);
        Assert.True(outcome.Final!.Value.Accuracy > 0.6, $"{outcome.Final.Value.Accuracy}");
    }

    [Fact]
    public void Run_RefusingStaleMasks_LosesThoseUpdates()
    {
        SimulationRequest request = With("fedbuff", "fedtiny");
        SimulationOutcome outcome = Run(request with { Job = request.Job with { Pruning = request.Job.Pruning with { Stale = PruningSettings.Refuse } } });

        Assert.True(outcome.Model.Mask!.Epoch > 2);
        Assert.NotEmpty(outcome.Failures);
        Assert.All(outcome.Failures, failure => Assert.Equal("OtherMask", failure.Kind));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Run_UnderAMaskOfEverything_GivesTheModelOfTheDenseRun(string algorithm)
    {
        SimulationRequest sparse = With(algorithm, "uniform", density: 1, rounds: 12), dense = With(algorithm, PruningSettings.None, rounds: 12);

        Assert.Equal(Run(dense).Model.Parameters, Run(sparse).Model.Parameters);
    }

    [Fact]
    public void BytesUp_OfAnUpdateFromUnderALargerMask_AreThoseOfThatMask()
    {
        // GraNet begins half-dense and is down to its density after version 4; slow devices that began with version 0 come long after.
        SimulationRequest request = With("fedbuff", "granet");
        SimulationOutcome outcome = Run(request with
        {
            Devices = new DeviceProfile
            {
                Name = "two speeds",
                Classes = [new DeviceClass { Name = "fast", Share = 2, StepsPerSecond = 100 }, new DeviceClass { Name = "slow", Share = 1, StepsPerSecond = 7 }],
            },
            Job = request.Job with { Pruning = request.Job.Pruning with { AdjustEvery = 2, StopAdjusting = 4 } },
        });

        RoundReport[] late = [.. outcome.Rounds.Where(round => round.Round > 12)];
        long fresh = Assert.Single(late.Where(round => round.Staleness.Count < 5).Select(round => round.BytesUp).Distinct());
        RoundReport[] stale = [.. late.Where(round => round.Staleness.Count == round.Round)];
        Assert.NotEmpty(stale);
        Assert.All(stale, round => Assert.True(round.BytesUp > fresh, $"{round.BytesUp} and {fresh}"));
    }

    [Theory]
    [InlineData("q8")]
    [InlineData("topk:0.3")]
    public void Run_CompressedWithAnyNumberOfWorkers_GivesTheSameMask(string up)
    {
        SimulationRequest request = With("fedbuff", "fedtiny");
        request = request with { Job = request.Job with { Compression = new CompressionSettings { Up = up } } };

        string[] masks = [.. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(Run(request with { Workers = workers }), 0)).Select(result => $"{result.Pruning!.MaskSha256} {result.Final.ModelSha256}")];

        Assert.Single(masks.Distinct());
    }

    private static SimulationRequest With(string algorithm, string method, double density = 0.3, int rounds = 60)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds, workers: 2);
        var settings = new AlgorithmSettings { Name = algorithm };
        if (algorithm != "fedasync")
        {
            settings.Parameters["buffer"] = 3;
        }

        if (algorithm == "afa-cs")
        {
            settings.Parameters["absent"] = 2;
        }

        return request with
        {
            Partition = PartitionSpec.Parse("iid"),
            Clients = 12,
            Devices = DeviceProfile.BuiltIn[0],
            Job = request.Job with
            {
                Algorithm = settings,
                Round = new RoundSettings { CohortSize = 6 },
                Evaluation = new EvaluationSettings { EveryRounds = rounds },
                ServerOptimizer = new ServerOptimizerSettings { LearningRate = algorithm.StartsWith("afa", StringComparison.Ordinal) ? 8 : null },
                Pruning = new PruningSettings { Method = method, Density = density, Candidates = 1, AdjustEvery = 4, StopAdjusting = 40, Blocks = 1 },
            },
        };
    }

    private static SimulationOutcome Run(SimulationRequest request) => Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
}
