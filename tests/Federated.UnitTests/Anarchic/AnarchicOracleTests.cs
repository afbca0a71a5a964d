using Federated.Coordination.Anarchic;
using Federated.Coordination.Anarchic.AfaCs;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.UnitTests.Algorithms;

namespace Federated.UnitTests.Anarchic;

/// <summary>Traces, equivalences and fixed points of the asynchronous algorithms, whose values are known in closed form or from a float64 reference. The code is float32.</summary>
public sealed class AnarchicOracleTests
{
    private const double Tolerance = 1e-6;

    // Who pushes from which version, a line for each version.
    private static readonly (uint Client, long Version)[][] Trace =
    [
        [(0, 0), (1, 0)],
        [(2, 0), (0, 1)],
        [(1, 1), (2, 0)],
        [(0, 3), (1, 3)],
    ];

    private static readonly int[] TraceSteps = [2, 1, 3];

    [Fact]
    public void AfaCd_EqualStepsNoDelay_IsFedAvgAtScaledRate()
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("afa-cd", 0.1, 5 * 1.3, ("buffer", 3)), 0.7, SmallAnarchy.Three);
        var federation = new SmallFederation(
            SmallFederation.Job("fedavg", 5, 0.1) with { ServerOptimizer = new() { LearningRate = 1.3 } }, 0.7, SmallAnarchy.Three);

        PushAll(anarchy, 5, 5, 5);
        federation.RunRound();

        Assert.Equal(0.91776030520833, anarchy.X, Tolerance);
        Assert.Equal(federation.X, anarchy.X, Tolerance);
    }

    [Fact]
    public void AfaCd_NoDelay_IsFedNovaAtMeanSteps()
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("afa-cd", 0.1, 2, ("buffer", 3)), 0.7, SmallAnarchy.Three);

        PushAll(anarchy, 2, 1, 3);

        Assert.Equal(0.723536111111, anarchy.X, Tolerance);
    }

    [Theory]
    [InlineData("afa-cd", 0, new[] { 1, 0.9425, 1.111502083333, 0.941022916667, 0.892222036458 })]
    [InlineData("afa-cs", 1, new[] { 1, 0.961666666667, 0.940394444444, 0.921677777778, 0.906893351852 })]
    [InlineData("afa-cs", 0, new[] { 1, 1, 0.977513888889, 0.955027777778, 0.936963935185 })]
    public void Afa_DelayedArrivals_FollowsTheReference(string algorithm, double absent, double[] path)
    {
        JobDefinition job = algorithm == "afa-cs"
            ? SmallAnarchy.Job(algorithm, 0.1, 1, ("buffer", 2), ("absent", absent))
            : SmallAnarchy.Job(algorithm, 0.1, 1, ("buffer", 2));
        var anarchy = new SmallAnarchy(job, 1, SmallAnarchy.Three);
        var found = new List<double> { anarchy.X };

        foreach ((uint Client, long Version)[] version in Trace)
        {
            foreach ((uint client, long pulled) in version)
            {
                Assert.Equal(ArrivalVerdict.Buffered, anarchy.Push(client, pulled, TraceSteps[client]));
            }

            found.Add(anarchy.X);
        }

        Assert.Equal(path.Length, found.Count);
        Assert.All(path.Zip(found), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Theory]
    [InlineData(0.1, 0.866901197387, 0.394424426905)]
    [InlineData(0.01, 0.905319101840, 0.488799403201)]
    [InlineData(0.001, 0.908718478744, 0.498875471302)]
    public void UnequalSteps_FixedPoint_IsBiasedOnlyWithoutNormalisation(double rate, double fedAvg, double afa)
    {
        // Without staleness weights and delays FedBuff is FedAvg.
        double averaged = FixedPoint(SmallAnarchy.Job("fedbuff", rate, 1, ("buffer", 2), ("exponent", 0)));
        double normalised = FixedPoint(SmallAnarchy.Job("afa-cd", rate, Math.Min(10, 0.5 / rate), ("buffer", 2)));

        Assert.Equal(fedAvg, averaged, 1e-4);
        Assert.Equal(afa, normalised, 1e-4);
    }

    [Theory]
    [InlineData("afa-cd", 0.5, new[] { 0.8, 0.15, 0.05 }, 2.596, 0.2)]
    [InlineData("afa-cd", 0.1, new[] { 0.8, 0.15, 0.05 }, 2.599, 0.1)]
    [InlineData("afa-cd", 0.1, new[] { 1 / 3.0, 1 / 3.0, 1 / 3.0 }, 0.8562, 0.05)]
    [InlineData("afa-cs", 0.1, new[] { 0.8, 0.15, 0.05 }, 0.857142857, 1e-5)]
    public void SkewedArrivals_TailMean_IsBiasedOnlyWithoutMemory(string algorithm, double serverRate, double[] probabilities, double expected, double tolerance)
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job(algorithm, 0.1, serverRate, ("buffer", 1)), 0, SmallAnarchy.Three);
        var random = new CounterRandom(7, RandomPurpose.Test);
        double tail = 0;

        for (int t = 0; t < 12_000; t++)
        {
            double draw = random.NextDouble();
            uint client = draw < probabilities[0] ? 0u : draw < probabilities[0] + probabilities[1] ? 1u : 2u;
            anarchy.Push(client, Math.Max(0, anarchy.Server.Version - random.NextInt(5)));
            tail += t >= 6000 ? anarchy.X / 6000 : 0;
        }

        // A float32 model stands still once a step of 0.01 of its error is below half of its last place.
        Assert.Equal(expected, algorithm == "afa-cs" ? anarchy.X : tail, tolerance);
    }

    [Fact]
    public void ConstantGradient_NormalisedUpdate_DoesNotDependOnSteps()
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("afa-cd", 0.1, 1, ("buffer", 1)), 0, new SlopeObjective(-2));
        var buffered = new SmallAnarchy(SmallAnarchy.Job("fedbuff", 0.1, 1, ("buffer", 1), ("exponent", 0)), 0, new SlopeObjective(-2));

        anarchy.Push(0, 0, steps: 1);
        double once = anarchy.X;
        anarchy.Push(0, 1, steps: 7);
        buffered.Push(0, 0, steps: 7);

        Assert.Equal(once, anarchy.X - once, Tolerance);
        Assert.Equal(7 * once, buffered.X, Tolerance);
    }

    [Fact]
    public void WorkerMemory_ManyReplacements_SumIsThatOfTheEntries()
    {
        const int workers = 9, length = 33;
        var memory = new WorkerMemory(length);
        var random = new CounterRandom(3, RandomPurpose.Test);
        var held = new Dictionary<uint, float[]>();
        for (int i = 0; i < 5000; i++)
        {
            uint worker = (uint)random.NextInt(workers);
            float[] vector = [.. Enumerable.Range(0, length).Select(_ => (float)random.NextGaussian())];
            held[worker] = vector;
            memory.Put(worker, [.. vector], i);
        }

        double[] sums = new double[length];
        memory.Sum.CopyTo(sums);

        for (int i = 0; i < length; i++)
        {
            Assert.Equal(held.Values.Sum(vector => (double)vector[i]) / workers, sums[i] / workers, 1e-12);
        }
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public void ReplayedUpdates_ChangeNothing(string algorithm)
    {
        JobDefinition job = algorithm == "fedasync" ? SmallAnarchy.Job(algorithm, 0.1, 1) : SmallAnarchy.Job(algorithm, 0.1, 1, ("buffer", 2));
        var anarchy = new SmallAnarchy(job, 1, SmallAnarchy.Three);
        anarchy.Push(0, 0, 2, "a");
        anarchy.Push(1, 0, 1, "b");
        anarchy.Push(2, 0, 3, "c");
        (double x, long version, byte[] state) = (anarchy.X, anarchy.Server.Version, anarchy.Server.SaveState());

        foreach (string id in (string[])["a", "b", "c", "a"])
        {
            Assert.Equal(ArrivalVerdict.Duplicate, anarchy.Push(0, 0, 1, id));
        }

        Assert.Equal((x, version), (anarchy.X, anarchy.Server.Version));
        Assert.Equal(state, anarchy.Server.SaveState());
    }

    [Theory]
    [InlineData(0.2, 4, 0, 1e-12)]
    [InlineData(0.05, 10, 0, 1e-10)]
    [InlineData(0.2, 10, 1e3, 1e4)]
    [InlineData(0.5, 4, 1e10, 1e11)]
    public void ConstantDelay_IsStableOnlyBelowTheLimit(double rate, int delay, double least, double most)
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("afa-cd", rate, 1, ("buffer", 1)), 1, new QuadraticObjective((1, 0)));

        for (int t = 0; t < 400; t++)
        {
            anarchy.Push(0, Math.Max(0, t - delay));
        }

        Assert.InRange(Math.Abs(anarchy.X), least, most);
    }

    [Fact]
    public void FedBuff_ConstantWeightEqualSteps_IsAfaCd()
    {
        var buffered = new SmallAnarchy(SmallAnarchy.Job("fedbuff", 0.1, 0.7, ("buffer", 2), ("exponent", 0)), 1, SmallAnarchy.Three);
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("afa-cd", 0.1, 3 * 0.7, ("buffer", 2)), 1, SmallAnarchy.Three);

        foreach ((uint client, long pulled) in Trace.SelectMany(version => version))
        {
            buffered.Push(client, pulled, 3);
            anarchy.Push(client, pulled, 3);
            Assert.Equal(buffered.X, anarchy.X, Tolerance);
        }

        Assert.Equal(4, anarchy.Server.Version);
    }

    [Fact]
    public void FedBuff_WholeCohortNoDelay_IsFedAvg()
    {
        QuadraticObjective[] clients = [new((1, 4), (1, 3)), new((2, -1)), new((0.5, 2), (0.5, 2), (0.5, 1))];
        JobDefinition job = SmallFederation.Job("fedavg", 4, 0.1) with { Aggregation = new() };
        var federation = new SmallFederation(job, 1, clients);
        var buffered = new SmallAnarchy(
            SmallAnarchy.Job("fedbuff", 0.1, 1, ("buffer", 3)) with { Aggregation = new() }, 1, clients);

        for (int round = 0; round < 5; round++)
        {
            federation.RunRound();
            for (uint client = 0; client < 3; client++)
            {
                buffered.Offer(client, round, 4, buffered.Work(client, round, 4), examples: clients[client].ExampleCount);
            }

            Assert.Equal(federation.X, buffered.X, Tolerance);
        }
    }

    private static void PushAll(SmallAnarchy anarchy, params int[] steps)
    {
        for (uint client = 0; client < steps.Length; client++)
        {
            anarchy.Push(client, 0, steps[client]);
        }
    }

    private static double FixedPoint(JobDefinition job)
    {
        var anarchy = new SmallAnarchy(job, 0.7, new QuadraticObjective((1, 0)), new QuadraticObjective((1, 1)));
        for (int t = 0; t < 3000; t++)
        {
            anarchy.Push(0, t, 1);
            anarchy.Push(1, t, 10);
        }

        return anarchy.X;
    }
}
