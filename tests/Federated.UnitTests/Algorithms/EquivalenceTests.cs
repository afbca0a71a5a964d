using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Algorithms;

/// <summary>With its own parameters off, or under conditions that make its correction vanish, an algorithm is FedAvg.</summary>
public sealed class EquivalenceTests
{
    private const double Tolerance = 1e-6;

    private static QuadraticObjective[] Clients => [new((1, 4)), new((2, -1)), new((0.5, 2))];

    public static TheoryData<string, double, string> Reductions => new()
    {
        { "qfedavg", 0, "q" },
        { "fedprox", 0, "proximal" },
    };

    [Theory]
    [MemberData(nameof(Reductions))]
    public void OwnParameterZero_IsFedAvg(string algorithm, double value, string parameter)
    {
        double[] path = Path(SmallFederation.Job(algorithm, 5, 0.1, (parameter, value)));

        AssertSame(Path(SmallFederation.Job("fedavg", 5, 0.1)), path);
    }

    [Fact]
    public void FedAvgM_WithoutMomentumAtRateOne_IsFedAvg()
    {
        JobDefinition job = SmallFederation.Job("fedavgm", 5, 0.1) with { ServerOptimizer = new() { Momentum = 0, LearningRate = 1 } };

        AssertSame(Path(SmallFederation.Job("fedavg", 5, 0.1)), Path(job));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void FedNova_EqualSteps_IsFedAvg(double momentum)
    {
        JobDefinition nova = SmallFederation.Job("fednova", 5, 0.1), avg = SmallFederation.Job("fedavg", 5, 0.1);

        AssertSame(
            Path(avg with { Local = avg.Local with { Momentum = momentum } }),
            Path(nova with { Local = nova.Local with { Momentum = momentum } }));
    }

    [Fact]
    public void Scaffold_FirstRoundOfZeroControls_IsFedAvg() =>
        AssertSame(Path(SmallFederation.Job("fedavg", 5, 0.1), rounds: 1), Path(SmallFederation.Job("scaffold", 5, 0.1), rounds: 1));

    [Fact]
    public void Scaffold_EqualClients_IsFedAvg()
    {
        QuadraticObjective[] same = [new((1, 4)), new((1, 4)), new((1, 4))];

        AssertSame(Path(SmallFederation.Job("fedavg", 5, 0.1), clients: same), Path(SmallFederation.Job("scaffold", 5, 0.1), clients: same));
    }

    [Theory]
    [InlineData("fedavgm", "momentum")]
    [InlineData("fedadagrad", "adagrad")]
    [InlineData("fedadam", "adam")]
    [InlineData("fedyogi", "yogi")]
    public void FedOpt_ByItsName_IsFedAvgWithThatServerOptimizer(string name, string optimizer)
    {
        JobDefinition plain = SmallFederation.Job("fedavg", 5, 0.1) with { ServerOptimizer = new() { Name = optimizer } };

        Assert.Equal(Path(plain), Path(SmallFederation.Job(name, 5, 0.1)));
    }

    private static double[] Path(JobDefinition job, int rounds = 6, QuadraticObjective[]? clients = null)
    {
        var federation = new SmallFederation(job, x0: 0.7, clients ?? Clients);
        double[] path = new double[rounds];
        for (int i = 0; i < rounds; i++)
        {
            federation.RunRound();
            path[i] = federation.X;
        }

        return path;
    }

    private static void AssertSame(double[] expected, double[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Tolerance);
        }
    }
}
