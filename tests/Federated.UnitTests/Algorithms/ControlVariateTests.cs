using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Algorithms;

/// <summary>SCAFFOLD, FedDyn and FedNova against their formulas in double, and what they are for: the right optimum under unequal clients.</summary>
public sealed class ControlVariateTests
{
    private static readonly (double H, double C)[] Problem = [(1, 4), (2, -1), (0.5, 2)];

    private static double Optimum => Problem.Sum(f => f.H * f.C) / Problem.Sum(f => f.H);

    private static QuadraticObjective[] Clients => [.. Problem.Select(f => new QuadraticObjective((f.H, f.C)))];

    [Fact]
    public void Scaffold_PartialParticipation_FollowsTheFormulas()
    {
        var federation = new SmallFederation(SmallFederation.Job("scaffold", 3, 0.1), x0: 0.7, Clients);
        double x = 0.7, c = 0;
        double[] own = new double[3];
        foreach (uint[] cohort in (uint[][])[[0, 1], [2, 0], [1, 2], [0, 1, 2], [2]])
        {
            federation.RunRound(cohort);

            double delta = 0, change = 0;
            foreach (uint i in cohort)
            {
                double y = x;
                for (int k = 0; k < 3; k++)
                {
                    y -= 0.1 * ((Problem[i].H * (y - Problem[i].C)) - own[i] + c);
                }

                double next = own[i] - c + ((x - y) / (3 * 0.1));
                delta += (y - x) / cohort.Length;
                change += (next - own[i]) / cohort.Length;
                own[i] = next;
            }

            x += delta;
            c += (double)cohort.Length / 3 * change;
            Assert.Equal(x, federation.X, 2e-6);
            Assert.Equal(own.Sum() / 3, c, 1e-12);
            Assert.Equal(c, federation.Server.DownSections("worker")[0].Values.Span[0], 2e-6);
        }
    }

    [Theory]
    [InlineData("scaffold", 0.0)]
    [InlineData("scaffold", 0.9)]
    [InlineData("feddyn", 0.0)]
    public void UnequalClients_ReachTheCommonOptimum(string algorithm, double momentum)
    {
        JobDefinition job = SmallFederation.Job(algorithm, 10, algorithm == "feddyn" ? 0.2 : momentum > 0 ? 0.01 : 0.1, algorithm == "feddyn" ? [("alpha", 0.5)] : []);
        job = job with { Local = job.Local with { Momentum = momentum } };
        var federation = new SmallFederation(job, Clients);
        var plain = new SmallFederation(job with { Algorithm = new AlgorithmSettings { Name = "fedavg" } }, Clients);

        for (int round = 0; round < 400; round++)
        {
            federation.RunRound();
            plain.RunRound();
        }

        Assert.Equal(Optimum, federation.X, 2e-5);
        Assert.True(Math.Abs(plain.X - Optimum) > 0.05, $"FedAvg ended at {plain.X}, the optimum is {Optimum}.");
        double before = federation.X;
        federation.RunRound([0, 2]);
        Assert.Equal(before, federation.X, 2e-5);
    }

    [Fact]
    public void FedDyn_PartialParticipation_FollowsTheFormulas()
    {
        const double Alpha = 0.5, Rate = 0.1;
        var federation = new SmallFederation(SmallFederation.Job("feddyn", 4, Rate, ("alpha", Alpha)), x0: 0.7, Clients);
        double x = 0.7, h = 0;
        double[] own = new double[3];
        foreach (uint[] cohort in (uint[][])[[0, 1], [2, 0], [1, 2], [0, 1, 2], [2]])
        {
            federation.RunRound(cohort);

            double sum = 0;
            foreach (uint i in cohort)
            {
                double y = x;
                for (int k = 0; k < 4; k++)
                {
                    y -= Rate * ((Problem[i].H * (y - Problem[i].C)) - own[i] + (Alpha * (y - x)));
                }

                own[i] -= Alpha * (y - x);
                sum += y - x;
            }

            h -= Alpha * sum / 3;
            x += (sum / cohort.Length) - (h / Alpha);
            Assert.Equal(x, federation.X, 5e-6);
        }
    }

    [Fact]
    public void FedNova_UnequalSteps_GivesTheOracleOfOneRound()
    {
        // Steps 2, 1 and 3 by epochs: each pass takes one example.
        QuadraticObjective[] clients = [new([.. Enumerable.Repeat((1.0, 4.0), 2)]), new((2, -1)), new([.. Enumerable.Repeat((0.5, 2.0), 3)])];
        JobDefinition job = SmallFederation.Job("fednova", 1, 0.1);
        job = job with { Local = new LocalSettings { Epochs = 1, BatchSize = 1, LearningRate = 0.1 } };
        var federation = new SmallFederation(job, x0: 0.7, clients);

        federation.RunRound();

        Assert.Equal(0.723536111111, federation.X, 1e-6);
    }

    [Fact]
    public void FedNova_UnequalSteps_DoesNotFollowTheFastClient()
    {
        QuadraticObjective[] clients = [new((1, 0)), new([.. Enumerable.Repeat((1.0, 1.0), 10)])];
        LocalSettings local = new() { Epochs = 1, BatchSize = 1, LearningRate = 0.001 };
        var nova = new SmallFederation(SmallFederation.Job("fednova", 1, 0.1) with { Local = local }, clients);
        var plain = new SmallFederation(SmallFederation.Job("fedavg", 1, 0.1) with { Local = local }, clients);

        for (int round = 0; round < 3000; round++)
        {
            nova.RunRound();
            plain.RunRound();
        }

        Assert.Equal(0.5, nova.X, 2e-3);
        Assert.True(plain.X > 0.9, $"FedAvg ended at {plain.X}.");
    }

    [Fact]
    public void QFedAvg_OneRound_FollowsTheFormulas()
    {
        const double Q = 0.7, Rate = 0.1;
        var federation = new SmallFederation(SmallFederation.Job("qfedavg", 3, Rate, ("q", Q)), x0: 0.7, Clients);
        double above = 0, below = 0, x = 0.7;
        foreach ((double h, double c) in Problem)
        {
            double y = x, loss = (h / 2 * (x - c) * (x - c)) + 1e-10;
            for (int k = 0; k < 3; k++)
            {
                y -= Rate * h * (y - c);
            }

            double u = (x - y) / Rate;
            above += Math.Pow(loss, Q) * u;
            below += (Q * Math.Pow(loss, Q - 1) * u * u) + (Math.Pow(loss, Q) / Rate);
        }

        federation.RunRound();

        Assert.Equal(x - (above / below), federation.X, 1e-6);
    }
}
