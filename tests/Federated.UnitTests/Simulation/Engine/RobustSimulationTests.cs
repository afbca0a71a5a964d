using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class RobustSimulationTests
{
    [Theory]
    [InlineData("flag")]
    [InlineData("bucketing:size=2+geometric-median")]
    [InlineData("nnm+trimmed-mean")]
    public void Run_RobustRule_GivesTheSameBytesForAnyNumberOfWorkers(string rule)
    {
        ResultDocument[] results =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(
                Requests.Run(Robust(rule, 1, rounds: 2, workers), cancellationToken: TestContext.Current.CancellationToken), 0)),
        ];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Rounds.SelectMany(round => round.Scores))).Distinct());
    }

    [Fact]
    public void Run_RobustRule_LearnsAndScoresEveryCountedUpdate()
    {
        SimulationRequest request = Robust("multi-krum", 1, rounds: 25, workers: 1) with { DropOut = 0.1 };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(outcome.Final!.Value.Accuracy > 0.8, $"accuracy {outcome.Final.Value.Accuracy}");
        Assert.NotEmpty(outcome.Failures);
        Assert.All(outcome.Rounds, round => Assert.Equal(round.Counted, round.Scores.Count));
        Assert.All(outcome.Rounds, round => Assert.Equal(1, round.Scores.Sum(score => score.Coefficient!.Value), 1e-9));
    }

    [Fact]
    public void Run_CentredClipping_GoesOnFromTheLastAggregate()
    {
        // From zero, one step of radius 0.01 leads no farther than 0.01.
        SimulationOutcome outcome = Requests.Run(
            Robust("centred-clipping:radius=0.01", 1, rounds: 4, workers: 1), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([], outcome.Rounds.Select(round => round.Abandoned).OfType<string>());
        Assert.InRange(outcome.Rounds[0].UpdateNorm!.Value, 0.005, 0.01001);
        Assert.All(outcome.Rounds.Zip(outcome.Rounds.Skip(1)), pair => Assert.InRange(pair.Second.UpdateNorm!.Value, pair.First.UpdateNorm!.Value, pair.First.UpdateNorm.Value + 0.01001));
        Assert.True(outcome.Rounds[3].UpdateNorm > 0.015, $"norm {outcome.Rounds[3].UpdateNorm}");
    }

    [Fact]
    public void Run_Mean_HasNoScores() =>
        Assert.All(Requests.Run(Requests.Digits(), cancellationToken: TestContext.Current.CancellationToken).Rounds, round => Assert.Empty(round.Scores));

    [Fact]
    public void Run_FewerReportsThanTheRuleNeeds_AbandonsTheRound()
    {
        SimulationRequest request = Robust("krum", 2, rounds: 3, workers: 1) with { DropOut = 0.99 };
        request = request with { Job = request.Job with { Round = request.Job.Round with { MaxAbandoned = 2 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(SimulationEnd.Abandoned, outcome.End);
        Assert.All(outcome.Rounds, round => Assert.Contains("at least 5 are needed", round.Abandoned, StringComparison.Ordinal));
    }

    [Fact]
    public void Prepare_RuleThatDoesNotFitTheCohort_NamesTheNumber() =>
        Assert.Contains(
            "at least 7 updates",
            Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(Robust("krum", 3, rounds: 1, workers: 1))).Message,
            StringComparison.Ordinal);

    private static SimulationRequest Robust(string rule, int byzantine, int rounds, int workers)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds, workers: workers);
        return request with { Job = request.Job with { Aggregation = new AggregationSettings { Rule = rule, Byzantine = byzantine } } };
    }
}
