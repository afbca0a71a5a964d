using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class PrunedSimulationTests
{
    [Fact]
    public void Run_FedTiny_LearnsWithATenthOfTheBytesAndKeepsItsDensity()
    {
        SimulationOutcome dense = Run(With("none", "cnn", rounds: 1));
        SimulationOutcome sparse = Run(With("fedtiny", "cnn", rounds: 9, density: 0.05));

        ModelMask mask = sparse.Model.Mask!;
        Assert.Equal((int)Math.Round(0.05 * mask.PrunableCount), mask.ActiveCount);
        Assert.True(mask.Epoch >= 3, $"{mask.Epoch}");
        Assert.Equal(mask.Epoch, sparse.Rounds[^1].MaskEpoch);
        float[] masked = [.. sparse.Model.Parameters];
        mask.Apply(masked);
        Assert.Equal(masked, sparse.Model.Parameters);
        Assert.All(sparse.Rounds, round => Assert.True(round.BytesUp < dense.Rounds[0].BytesUp / 10, $"{round.BytesUp} of {dense.Rounds[0].BytesUp}"));
        Assert.All(sparse.Rounds, round => Assert.True(round.BytesDown < dense.Rounds[0].BytesDown / 8, $"{round.BytesDown} of {dense.Rounds[0].BytesDown}"));
        Assert.True(sparse.Final!.Value.Accuracy > 0.4, $"{sparse.Final.Value.Accuracy}");
        Assert.Equal(4, sparse.Candidates!.Candidates.Count);
        Assert.All(sparse.Candidates.Candidates, candidate => Assert.True(candidate.Loss > 0));
        Assert.Empty(sparse.Failures);
    }

    [Fact]
    public void Run_AnyNumberOfWorkersAndNodes_GivesTheSameMask()
    {
        string[] masks =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(Run(With("fedtiny", "logistic", rounds: 6) with { Workers = workers, DropOut = 0.3 }), 0))
                .Select(result => $"{result.Pruning!.MaskSha256} {result.Final.ModelSha256}"),
        ];

        Assert.Single(masks.Distinct());
    }

    [Theory]
    [InlineData("mean", "q8", "fedavg", 2)]
    [InlineData("mean", "topk:0.5", "fedprox", 1)]
    [InlineData("nnm+trimmed-mean", "none", "fedavg", 1)]
    [InlineData("multi-krum", "q8", "fedavg", 1)]
    [InlineData("mean", "topk:0.3+econtrol", "fedavg", 1)]
    [InlineData("mean", "topk:0.3+ef21", "fedprox", 2)]
    [InlineData("mean", "q4+ef21-sgdm", "fedavg", 1)]
    [InlineData("mean", "topk:0.3+ec", "fedavg", 1)]
    [InlineData("nnm+trimmed-mean", "topk:0.3+econtrol", "fedavg", 1)]
    [InlineData("flag", "none", "fedavg", 2)]
    public void Run_WithCompressionRulesAndNodes_Learns(string rule, string up, string algorithm, int nodes)
    {
        SimulationRequest request = With("fedtiny", "logistic", rounds: 12);
        request = request with
        {
            Nodes = nodes,
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = algorithm },
                Aggregation = new AggregationSettings { Rule = rule, Byzantine = rule == "mean" ? 0 : 1 },
                Compression = new CompressionSettings { Up = up },
            },
        };

        SimulationOutcome outcome = Run(request);

        Assert.True(outcome.Final!.Value.Accuracy > 0.6, $"{outcome.Final.Value.Accuracy}");
        Assert.Empty(outcome.Failures);
    }

    [Theory]
    [InlineData("fedamd", 30, 0.6)]
    [InlineData("scaffold", 12, 0.6)]
    [InlineData("feddyn", 12, 0.6)]
    [InlineData("fedavgm", 12, 0.6)]
    [InlineData("fedadam", 12, 0.6)]
    public void Run_AlgorithmsWithMemory_LearnUnderMasksThatChange(string algorithm, int rounds, double least)
    {
        SimulationRequest request = With("feddst", "logistic", rounds: rounds);
        request = request with { Job = request.Job with { Algorithm = new AlgorithmSettings { Name = algorithm } } };

        SimulationOutcome outcome = Run(request);

        Assert.True(outcome.Model.Mask!.Epoch > 2, $"{outcome.Model.Mask.Epoch}");
        Assert.True(outcome.Final!.Value.Accuracy > least, $"{outcome.Final.Value.Accuracy}");
        Assert.Empty(outcome.Failures);
    }

    [Fact]
    public void Run_GradientsAsHalves_AdjustWithFewerBytes()
    {
        SimulationRequest request = With("feddst", "logistic", rounds: 12);
        SimulationOutcome singles = Run(request), halves = Run(request with { Job = request.Job with { Pruning = request.Job.Pruning with { GradientValues = PruningSettings.Half } } });

        Assert.Equal(singles.Model.Mask!.Epoch, halves.Model.Mask!.Epoch);
        Assert.True(halves.Final!.Value.Accuracy > 0.6, $"{halves.Final.Value.Accuracy}");

        // The second round is the first adjustment.
        Assert.Equal(singles.Rounds[0].BytesUp, halves.Rounds[0].BytesUp);
        Assert.True(halves.Rounds[1].BytesUp < singles.Rounds[1].BytesUp, $"{halves.Rounds[1].BytesUp} of {singles.Rounds[1].BytesUp}");
    }

    [Fact]
    public void Run_RuleThatStartsFromTheLastAggregate_LearnsUnderMasksThatChange()
    {
        SimulationRequest request = With("fedtiny", "logistic", rounds: 12);
        request = request with { Job = request.Job with { Aggregation = new AggregationSettings { Rule = "centred-clipping", Byzantine = 1 } } };

        SimulationOutcome outcome = Run(request);

        Assert.True(outcome.Model.Mask!.Epoch > 2, $"{outcome.Model.Mask.Epoch}");
        Assert.True(outcome.Final!.Value.Accuracy > 0.6, $"{outcome.Final.Value.Accuracy}");
    }

    [Fact]
    public void Run_FedAmdUnderAMaskThatStays_Learns()
    {
        SimulationRequest request = With("fedtiny", "logistic", rounds: 40);
        request = request with { Job = request.Job with { Algorithm = new AlgorithmSettings { Name = "fedamd" }, Pruning = request.Job.Pruning with { StopAdjusting = 0 } } };

        SimulationOutcome outcome = Run(request);

        // A linear model begins with zeros, of which the mask takes the first: three classes of ten.
        Assert.Equal(1, outcome.Model.Mask!.Epoch);
        Assert.True(outcome.Final!.Value.Accuracy > 0.3, $"{outcome.Final.Value.Accuracy}");
    }

    [Fact]
    public void Run_ByzantineUnderARule_IsNotLedAstray()
    {
        SimulationRequest request = With("fedtiny", "logistic", rounds: 12);
        request = request with
        {
            Attack = "sign-flip",
            Byzantine = 2,
            Job = request.Job with { Aggregation = new AggregationSettings { Rule = "nnm+flag", Byzantine = 2 } },
        };

        Assert.True(Run(request).Final!.Value.Accuracy > 0.6);
    }

    [Fact]
    public void Run_DivergesInTheRoundThatMovesTheMask_EndsWithTheModelBeforeAndItsMask()
    {
        SimulationRequest request = With("feddst", "cnn-bn", rounds: 3);
        request = request with
        {
            Job = request.Job with
            {
                Local = new LocalSettings { Epochs = 0, Steps = 2, BatchSize = 8, LearningRate = 100, ClipNorm = 10 },
                ServerOptimizer = request.Job.ServerOptimizer with { LearningRate = 1e38 },
                Pruning = request.Job.Pruning with { AdjustEvery = 1 },
            },
        };

        SimulationOutcome outcome = Run(request);

        ModelContent initial = SimulationSetup.Prepare(request).Model.Initialise(request.Job.Seed);
        initial.Use(outcome.Model.Mask!);
        Assert.Equal(SimulationEnd.Diverged, outcome.End);
        Assert.Equal((1, 1), (outcome.Model.Mask!.Epoch, Assert.Single(outcome.Rounds).MaskEpoch));
        Assert.Equal(initial.Schema.HashText, outcome.Model.Schema.HashText);
        Assert.Equal(initial.Parameters, outcome.Model.Parameters);
        Assert.Equal(initial.Statistics, outcome.Model.Statistics);
    }

    [Fact]
    public void Prepare_TooSparse_SaysHowManyWeightsAreNeeded()
    {
        var error = Assert.Throws<Federated.Simulation.SimulationException>(() => SimulationSetup.Prepare(With("fedtiny", "logistic", density: 0.0001)));

        Assert.Contains("pruning.density", error.Message, StringComparison.Ordinal);
    }

    private static SimulationRequest With(string method, string model, int rounds = 12, double density = 0.3)
    {
        SimulationRequest request = Requests.Digits(model, rounds, workers: 2);
        return request with
        {
            Partition = PartitionSpec.Parse("iid"),
            Clients = model == "cnn" ? 4 : 12,
            Job = request.Job with
            {
                Local = new LocalSettings { Epochs = 1, BatchSize = model == "cnn" ? 4 : 16, LearningRate = 0.1 },
                Round = new RoundSettings { CohortSize = model == "cnn" ? 4 : 8 },
                Evaluation = new EvaluationSettings { EveryRounds = rounds },
                Pruning = new PruningSettings { Method = method, Density = density, Candidates = 4, AdjustEvery = 2, StopAdjusting = 8, Blocks = model == "cnn" ? 3 : 1 },
            },
        };
    }

    private static SimulationOutcome Run(SimulationRequest request) => Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
}
