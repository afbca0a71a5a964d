using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class AttackedSimulationTests
{
    [Theory]
    [InlineData("reverse", "mean")]
    [InlineData("opt-alie:evaluations=4", "nnm+trimmed-mean")]
    [InlineData("label-flip", "flag")]
    public void Run_Attacked_GivesTheSameBytesForAnyNumberOfWorkers(string attack, string rule)
    {
        ResultDocument[] results =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(
                Requests.Run(Attacked(attack, rule, rounds: 2) with { Workers = workers, DropOut = 0.1 }, cancellationToken: TestContext.Current.CancellationToken), 0)),
        ];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
    }

    [Theory]
    [InlineData("reverse")]
    [InlineData("gaussian")]
    public void Run_LongUpdates_BreakTheMeanAndNotARobustRule(string attack)
    {
        double? mean = Requests.Run(Attacked(attack, "mean", rounds: 15), cancellationToken: TestContext.Current.CancellationToken).Final?.Accuracy;
        SimulationOutcome robust = Requests.Run(Attacked(attack, "nnm+trimmed-mean", rounds: 15), cancellationToken: TestContext.Current.CancellationToken);

        Assert.True(mean < 0.5, $"mean {mean}");
        Assert.True(robust.Final!.Value.Accuracy > 0.8, $"robust {robust.Final.Value.Accuracy}");
        Assert.All(robust.Rounds, round => Assert.Equal(3, round.Scores.Count(score => score.Byzantine)));
        Assert.All(robust.Rounds, round => Assert.True(
            round.Scores.Where(score => score.Byzantine).Max(score => score.Trust) < round.Scores.Where(score => !score.Byzantine).Min(score => score.Trust)));
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("inf")]
    public void Run_UpdatesThatAreNotFinite_AreRefusedAtTheEdge(string attack)
    {
        SimulationOutcome outcome = Requests.Run(Attacked(attack, "mean", rounds: 3), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(9, outcome.Failures.Count);
        Assert.All(outcome.Failures, failure => Assert.Equal(ErrorKinds.NotFinite, failure.Kind));
        Assert.All(outcome.Rounds, round => Assert.Equal(9, round.Counted));
        Assert.All(outcome.Model.Parameters, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Run_Backdoor_TellsHowOftenItOpens()
    {
        SimulationRequest attacked = Attacked("backdoor:target=3,size=8,value=4", "mean", rounds: 10);

        SimulationOutcome outcome = Requests.Run(attacked, cancellationToken: TestContext.Current.CancellationToken);
        SimulationOutcome honest = Requests.Run(attacked with { Attack = null, Byzantine = 0 }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Null(honest.BackdoorSuccess);
        Assert.True(outcome.BackdoorSuccess > 0.5, $"success {outcome.BackdoorSuccess}");
        Assert.True(outcome.Final!.Value.Accuracy > 0.8, $"accuracy {outcome.Final.Value.Accuracy}");
    }

    [Fact]
    public void Prepare_LabelFlip_ChangesTheAttackersExamplesAlone()
    {
        SimulationRequest request = Attacked("label-flip", "mean", rounds: 1);
        SimulationSetup honest = SimulationSetup.Prepare(request with { Attack = null, Byzantine = 0 });

        SimulationSetup attacked = honest.With(request);

        Assert.Equal(3, attacked.Attackers.Count);
        for (int i = 0; i < honest.Clients.Count; i++)
        {
            int[] before = [.. honest.Clients[i].Rows.Select(row => honest.Dataset.Examples.Labels.Span[row])];
            int[] after = [.. attacked.Clients[i].Rows.Select(row => attacked.Dataset.Examples.Labels.Span[row])];
            Assert.Equal(attacked.Attackers.Contains(i) ? before.Select(label => 9 - label) : before, after);
        }
    }

    [Theory]
    [InlineData("bribe", 3, "There is no attack 'bribe'")]
    [InlineData("alie:tau=many", 3, "tau is many")]
    [InlineData("alie", 0, "give --byzantine as well")]
    [InlineData("alie", 12, "at least one is honest")]
    public void Prepare_AttackThatDoesNotFit_SaysSo(string attack, int byzantine, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(Attacked("alie", "mean", rounds: 1) with { Attack = attack, Byzantine = byzantine })).Message,
            StringComparison.Ordinal);

    private static SimulationRequest Attacked(string attack, string rule, int rounds)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds) with { Clients = 12, Partition = PartitionSpec.Parse("iid"), Attack = attack, Byzantine = 3 };
        return request with
        {
            Job = request.Job with
            {
                Aggregation = new AggregationSettings { Rule = rule, Byzantine = rule == "mean" ? 0 : 3 },
                Round = new RoundSettings { CohortSize = 12 },
            },
        };
    }
}
