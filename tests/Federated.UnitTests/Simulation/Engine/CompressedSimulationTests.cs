using Federated.Protocol.Jobs;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class CompressedSimulationTests
{
    [Theory]
    [InlineData("topk:0.05+econtrol", 0.25)]
    [InlineData("q4", 0.2)]
    [InlineData("sign+ef21", 0.2)]
    [InlineData("randk:0.1+q8+ef21-sgdm", 0.2)]
    [InlineData("svd:2+ec", 0.6)]
    [InlineData("bf16", 0.55)]
    public void Run_Compressed_LearnsWithFewerBytes(string up, double mostOfDense)
    {
        SimulationOutcome dense = Run("none");
        SimulationOutcome compressed = Run(up);

        double share = compressed.Rounds.Sum(round => (double)round.BytesUp) / dense.Rounds.Sum(round => (double)round.BytesUp);
        Assert.True(share < mostOfDense, $"{share}");
        Assert.True(compressed.Final!.Value.Accuracy > dense.Final!.Value.Accuracy - 0.08, $"{compressed.Final.Value.Accuracy} {dense.Final.Value.Accuracy}");
        Assert.Empty(compressed.Failures);
    }

    [Fact]
    public void Run_AnyNumberOfWorkersAndDropOut_GivesTheSameBytes()
    {
        string[] models =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(
                Requests.Run(With("topk:0.05+q4s+econtrol", rounds: 5) with { Workers = workers, DropOut = 0.3 }, cancellationToken: TestContext.Current.CancellationToken), 0)
                .Final.ModelSha256),
        ];

        Assert.Single(models.Distinct());
    }

    [Fact]
    public void Run_Compressed_ReportsWhatItDidToEachUpdate()
    {
        SimulationOutcome outcome = Run("topk:0.05+econtrol", rounds: 6);

        // The first update of a client is dense, so nothing is lost; later ones owe something.
        Assert.All(outcome.Rounds[0].Compression, client => Assert.Equal((1, 0), (client.Contraction, client.ErrorNorm)));
        Assert.Contains(outcome.Rounds[^1].Compression, client => client is { Contraction: < 0.9, ErrorNorm: > 0 });
        Assert.All(outcome.Rounds, round => Assert.Equal(round.Counted, round.Compression.Count));
        Assert.All(outcome.Rounds, round => Assert.Equal(round.BytesDown, round.Compression.Sum(client => client.BytesDown)));
    }

    [Theory]
    [InlineData("q4", "nnm+trimmed-mean")]
    [InlineData("topk:0.3+ec", "multi-krum")]
    public void Run_CompressedUnderARobustRule_LearnsFromTheDecodedUpdates(string up, string rule)
    {
        SimulationRequest request = With(up, rounds: 25);
        request = request with { Job = request.Job with { Aggregation = new AggregationSettings { Rule = rule, Byzantine = 1 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(outcome.Final!.Value.Accuracy > 0.75, $"accuracy {outcome.Final.Value.Accuracy}");
        Assert.All(outcome.Rounds, round => Assert.Equal(round.Counted, round.Scores.Count));
    }

    [Theory]
    [InlineData("sign-flip", "nnm+flag", 0.9, 1)]
    [InlineData("reverse", "nnm+flag", 0.9, 1)]
    [InlineData("reverse", "mean", 0, 0.5)]
    public void Run_EControlUnderAttack_LearnsByFlagAndNotByTheMean(string attack, string rule, double least, double most)
    {
        SimulationOutcome outcome = Attacked("topk:0.1+econtrol", rule, attack, rounds: 25);

        Assert.InRange(outcome.Final!.Value.Accuracy, least, most);
    }

    [Theory]
    [InlineData("topk:0.05+ef21", "median")]
    [InlineData("sign:64+ef21-sgdm", "nnm+trimmed-mean")]
    [InlineData("q2", "geometric-median")]
    [InlineData("sign:64", "nnm+multi-krum")]
    [InlineData("topk:0.1", "signguard")]
    public void Run_CompressedUnderEveryKindOfRule_GivesTheSameBytesForAnyNumberOfWorkers(string up, string rule)
    {
        SimulationRequest request = With(up, rounds: 4) with { Attack = "alie", Byzantine = 3, DropOut = 0.2 };
        request = request with { Job = request.Job with { Aggregation = new AggregationSettings { Rule = rule, Byzantine = 1 } } };

        SimulationOutcome[] outcomes = [.. Enumerable.Range(1, 3).Select(workers => Requests.Run(request with { Workers = workers }, cancellationToken: TestContext.Current.CancellationToken))];

        Assert.Single(outcomes.Select(outcome => ResultDocuments.Create(outcome, 0).Final.ModelSha256).Distinct());
        Assert.All(outcomes[0].Rounds, round => Assert.Equal((round.Counted, round.Counted), (round.Scores.Count, round.Compression.Count)));
        Assert.All(outcomes[0].Rounds, round => Assert.Null(round.Abandoned));
    }

    [Fact]
    public void Run_AttackThatIsNotFinite_NeverReachesAnEstimate()
    {
        SimulationOutcome outcome = Attacked("topk:0.1+econtrol", "median", "nan", rounds: 3);

        Assert.Equal(9, outcome.Failures.Count);
        Assert.All(outcome.Failures, failure => Assert.Equal("diverged", failure.Kind));
        Assert.All(outcome.Model.Parameters, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Run_Dense_ReportsNoCompression() => Assert.All(Run("none", rounds: 1).Rounds, round => Assert.Empty(round.Compression));

    [Theory]
    [InlineData("topk:2", "mean", "fedavg", "ratio '2'")]
    [InlineData("topk:0.1+ef21", "mean", "qfedavg", "needs an algorithm whose DELTA section is a mean")]
    public void Validate_WhatDoesNotGoTogether_IsToldTogetherWithTheReason(string up, string rule, string algorithm, string reason)
    {
        SimulationRequest request = With(up, rounds: 1);
        request = request with
        {
            Job = request.Job with { Aggregation = new AggregationSettings { Rule = rule }, Algorithm = new AlgorithmSettings { Name = algorithm } },
        };

        Assert.Contains(SimulationSetup.Validate(request), problem => problem.Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("topk:0.1", 0.6)]
    [InlineData("q4", 0.6)]
    public void Run_WithACompressedDownLink_LearnsFromFewerBytes(string down, double mostOfDense)
    {
        SimulationOutcome dense = Run("none");
        SimulationOutcome compressed = Requests.Run(WithDown(down, rounds: 25), cancellationToken: TestContext.Current.CancellationToken);

        Assert.All(dense.Rounds, round => Assert.Null(round.DownError));
        Assert.All(compressed.Rounds, round => Assert.True(round.DownError > 0));
        double share = compressed.Rounds.Sum(round => (double)round.BytesDown) / dense.Rounds.Sum(round => (double)round.BytesDown);
        Assert.True(share < mostOfDense, $"{share}");
        Assert.True(compressed.Final!.Value.Accuracy > dense.Final!.Value.Accuracy - 0.08, $"{compressed.Final.Value.Accuracy} {dense.Final.Value.Accuracy}");
    }

    [Fact]
    public void Run_WithACompressedDownLink_GivesTheSameModelForAnyNumberOfWorkers()
    {
        string[] models =
        [
            .. Enumerable.Range(1, 2).Select(workers => ResultDocuments.Create(
                Requests.Run(WithDown("q4s", rounds: 5) with { Workers = workers, DropOut = 0.3 }, cancellationToken: TestContext.Current.CancellationToken), 0)
                .Final.ModelSha256),
        ];

        Assert.Single(models.Distinct());
    }

    [Theory]
    [InlineData("q4+ec", "fedavg", "has a feedback")]
    [InlineData("q9", "fedavg", "1 to 8 bits")]
    [InlineData("q4", "fedpage", "tied to the server's own")]
    public void Validate_ADownLinkThatCannotBe_IsTold(string down, string algorithm, string reason)
    {
        SimulationRequest request = WithDown(down, rounds: 1);
        request = request with { Job = request.Job with { Algorithm = new AlgorithmSettings { Name = algorithm } } };

        Assert.Contains(SimulationSetup.Validate(request), problem => problem.Contains(reason, StringComparison.Ordinal));
    }

    private static SimulationRequest WithDown(string down, int rounds)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds);
        return request with { Job = request.Job with { Compression = new CompressionSettings { Down = down } } };
    }

    private static SimulationOutcome Attacked(string up, string rule, string attack, int rounds)
    {
        SimulationRequest request = With(up, rounds) with
        {
            Clients = 15,
            Partition = PartitionSpec.Parse("iid"),
            Attack = attack,
            Byzantine = 3,
        };
        request = request with
        {
            Job = request.Job with
            {
                Round = new RoundSettings { CohortSize = 15 },
                Aggregation = new AggregationSettings { Rule = rule, Byzantine = rule == "mean" ? 0 : 3 },
            },
        };
        return Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static SimulationOutcome Run(string up, int rounds = 25) =>
        Requests.Run(With(up, rounds), cancellationToken: TestContext.Current.CancellationToken);

    private static SimulationRequest With(string up, int rounds)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds);
        return request with { Job = request.Job with { Compression = new CompressionSettings { Up = up } } };
    }
}
