using Federated.Numerics;

namespace Federated.UnitTests.Compression;

/// <summary>
/// The paper's least-squares family: f_i(x) = ½‖a_i x − b_i‖², a_i = i/√n, b_i ~ N(0, ζ²/i²). The shape of the results is asserted: who reaches the optimum, who stalls
/// and how the floor grows with the heterogeneity ζ.
/// </summary>
public sealed class QuadraticToyTests
{
    private const int Clients = 10;
    private const int Length = 100;

    [Fact]
    public void Run_WithoutNoise_TrackingKindsReachTheOptimumAndTheOthersStallWithZeta()
    {
        double control = Distance("topk:0.1+econtrol", zeta: 10, sigma: 0);
        double ef21 = Distance("topk:0.1+ef21", zeta: 10, sigma: 0);
        double ec = Distance("topk:0.1+ec", zeta: 10, sigma: 0);
        double ecFar = Distance("topk:0.1+ec", zeta: 100, sigma: 0);
        double lossy = Distance("topk:0.1", zeta: 10, sigma: 0);
        double controlFar = Distance("topk:0.1+econtrol", zeta: 100, sigma: 0);

        Assert.True(control < 1e-7 && ef21 < 1e-7, $"{control} {ef21}");
        Assert.True(controlFar < 1e-5, $"{controlFar}");
        Assert.True(ec > 1e4 * control && lossy > 100 * ec, $"{ec} {lossy}");
        Assert.InRange(ecFar / ec, 50, 200);
    }

    [Fact]
    public void Run_WithNoise_EControlIsNearDescentAndEf21IsNot()
    {
        double plain = Distance("topk:1+ef21", zeta: 10, sigma: 10);
        double control = Distance("topk:0.1+econtrol", zeta: 10, sigma: 10);
        double ef21 = Distance("topk:0.1+ef21", zeta: 10, sigma: 10);
        double momentum = Distance("topk:0.1+ef21-sgdm", zeta: 10, sigma: 10);

        Assert.True(control < 4 * plain, $"{control} {plain}");
        Assert.True(ef21 > 3 * control, $"{ef21} {control}");
        Assert.True(momentum < ef21, $"{momentum} {ef21}");
    }

    [Fact]
    public void Run_MoreClients_TheNoiseAveragesOut()
    {
        double one = Distance("topk:0.1+econtrol", zeta: 10, sigma: 10, clients: 1);
        double many = Distance("topk:0.1+econtrol", zeta: 10, sigma: 10, clients: 16);

        Assert.True(one / many > 6, $"{one} {many}");
    }

    [Fact]
    public void Run_FewClientsARound_StillReachesTheOptimum()
    {
        double distance = Distance("topk:0.1+econtrol", zeta: 10, sigma: 0, participants: 3, rounds: 3000, step: 0.05);

        Assert.True(distance < 1e-6, $"{distance}");
    }

    [Fact]
    public void Run_WithoutNoise_MemoriesEndWhereTheyShould()
    {
        const double Step = 0.01;
        var toy = new Toy(10, Clients, 0);
        var federation = new FeedbackFederation("topk:0.1+econtrol", Length);
        for (int t = 0; t < 1500; t++)
        {
            federation.Step(toy.Gradients(federation.X, t, Step, Clients));
        }

        for (uint client = 0; client < Clients; client++)
        {
            float[] memory = federation.Memory(client)!;
            float[] g = toy.Gradient((int)client, [.. toy.Optimum.Select(value => (float)value)], 0, Step);
            for (int i = 0; i < Length; i++)
            {
                Assert.Equal(0, memory[i], 1e-3);
                Assert.Equal(g[i], memory[Length + i], 1e-4);
            }
        }
    }

    /// <summary>The final ‖x − x*‖² after steps of a share of 1 / L.</summary>
    private static double Distance(
        string up, double zeta, double sigma, int clients = Clients, int participants = 0, int rounds = 1000, double step = 0.01)
    {
        var toy = new Toy(zeta, clients, sigma);
        var federation = new FeedbackFederation(up, Length, settings => settings.Momentum = 0.1);
        for (int t = 0; t < rounds; t++)
        {
            federation.Step(toy.Gradients(federation.X, t, step / toy.Smoothness, participants == 0 ? clients : participants));
        }

        return toy.DistanceTo(federation.X);
    }

    private sealed class Toy
    {
        private readonly double[] _a;
        private readonly double[][] _b;
        private readonly double _sigma;

        public Toy(double zeta, int clients, double sigma)
        {
            _sigma = sigma;
            _a = [.. Enumerable.Range(1, clients).Select(i => i / Math.Sqrt(clients))];
            _b = [.. Enumerable.Range(1, clients).Select(i =>
            {
                var random = new CounterRandom(9, RandomPurpose.Test, (uint)i);
                return Enumerable.Range(0, Length).Select(_ => zeta / i * random.NextGaussian()).ToArray();
            })];
            Smoothness = _a.Average(a => a * a);
            Optimum = [.. Enumerable.Range(0, Length).Select(k => _a.Select((a, i) => a * _b[i][k]).Sum() / _a.Sum(a => a * a))];
        }

        public double Smoothness { get; }

        public double[] Optimum { get; }

        public Dictionary<uint, float[]> Gradients(float[] x, int round, double gamma, int participants)
        {
            int[] chosen = participants == _a.Length
                ? [.. Enumerable.Range(0, _a.Length)]
                : new CounterRandom(3, RandomPurpose.Test, (uint)round).Choose(_a.Length, participants);
            return chosen.ToDictionary(client => (uint)client, client => Gradient(client, x, round, gamma));
        }

        /// <summary>−γ times the stochastic gradient: the difference that the client sends.</summary>
        public float[] Gradient(int client, float[] x, int round, double gamma)
        {
            float[] noise = new float[Length];
            if (_sigma > 0)
            {
                new CounterRandom(5, RandomPurpose.Test, (uint)client, (uint)round).FillGaussian(noise, 0, _sigma / Math.Sqrt(Length));
            }

            return [.. Enumerable.Range(0, Length).Select(k => (float)(-gamma * ((_a[client] * ((_a[client] * x[k]) - _b[client][k])) + noise[k])))];
        }

        public double DistanceTo(float[] x) => x.Select((value, k) => (value - Optimum[k]) * (value - Optimum[k])).Sum();
    }
}
