using Federated.Protocol.Jobs;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>The algorithms of the platform in whole simulations.</summary>
public sealed class AlgorithmRunTests
{
    public static TheoryData<string, double, double> Algorithms => new()
    {
        { "fedprox", 0.1, 0.8 },
        { "fedavgm", 0.05, 0.8 },
        { "fedadam", 0.1, 0.8 },
        { "scaffold", 0.1, 0.8 },
        { "fednova", 0.1, 0.8 },
        { "feddyn", 0.1, 0.8 },
        { "qfedavg", 0.1, 0.8 },
        { "fedamd", 0.1, 0.8 },
        { "fedpage", 0.1, 0.7 },
        { "bvrlsgd", 0.1, 0.6 },
    };

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Run_Digits_LearnsTheSameWithAnyWorkers(string algorithm, double rate, double accuracy)
    {
        SimulationRequest request = Of(algorithm, rate, rounds: 20);

        SimulationOutcome[] outcomes =
        [
            .. Enumerable.Range(1, 2).Select(workers => Requests.Run(request with { Workers = workers }, cancellationToken: TestContext.Current.CancellationToken)),
        ];

        Assert.Empty(outcomes[0].Failures);
        Assert.True(outcomes[0].Final!.Value.Accuracy > accuracy, $"accuracy {outcomes[0].Final!.Value.Accuracy}");
        Assert.Single(outcomes.Select(outcome => ResultDocuments.Create(outcome, 0).Final.ModelSha256).Distinct());
    }

    [Fact]
    public void Run_Scaffold_CountsTheControlsBytesBothWays()
    {
        RoundReport plain = Requests.Run(Of("fedavg", 0.1, rounds: 1), cancellationToken: TestContext.Current.CancellationToken).Rounds[0];
        RoundReport scaffold = Requests.Run(Of("scaffold", 0.1, rounds: 1), cancellationToken: TestContext.Current.CancellationToken).Rounds[0];

        Assert.Equal(6 * 4 * 650, scaffold.BytesDown - plain.BytesDown);
        Assert.InRange(scaffold.BytesUp - plain.BytesUp, 6 * 4 * 650, 6 * ((4 * 650) + 40));
    }

    [Fact]
    public void Run_FedAmd_WarmsUpWithEverybodyAndSendsTheMeanToMinersOnly()
    {
        SimulationRequest request = Of("fedamd", 0.1, rounds: 3);
        request = request with { Job = request.Job with { Algorithm = new AlgorithmSettings { Name = "fedamd", Parameters = { ["period"] = 3 } } } };

        IReadOnlyList<RoundReport> rounds = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken).Rounds;

        long model = rounds[0].BytesDown / 20;
        Assert.Equal([20, 6, 6], rounds.Select(round => round.Counted));
        Assert.Equal([20 * model, 6 * (model + 2600), 6 * (model + 2600)], rounds.Select(round => round.BytesDown));
        Assert.Null(rounds[0].UpdateNorm);
        Assert.All(rounds, round => Assert.Equal(20, round.Seen));
    }

    [Fact]
    public void Run_FedAmdLazy_TellsHowManyAreInTheMean()
    {
        SimulationRequest request = Of("fedamd", 0.1, rounds: 6);
        request = request with { Job = request.Job with { Algorithm = new AlgorithmSettings { Name = "fedamd", Parameters = { ["lazy"] = 1 } } } };

        int?[] seen = [.. Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken).Rounds.Select(round => round.Seen)];

        Assert.Equal(6, seen[0]);
        Assert.True(seen[^1] is > 6 and <= 20, $"{seen[^1]} seen");
        Assert.Equal(seen.Order(), seen);
        Assert.Null(Requests.Run(Of("fedavg", 0.1, rounds: 1), cancellationToken: TestContext.Current.CancellationToken).Rounds[0].Seen);
    }

    private static SimulationRequest Of(string algorithm, double rate, int rounds)
    {
        SimulationRequest request = Requests.Digits(rounds: rounds);
        return request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = algorithm },
                Local = request.Job.Local with { LearningRate = rate },
            },
        };
    }
}
