using Federated.Client.Training;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Algorithms;

/// <summary>FedPAGE and BVR-L-SGD against their formulas in double.</summary>
public sealed class VarianceReductionTests
{
    private const double Rate = 0.1;
    private const int Steps = 3;

    private static readonly (double H, double C)[] Problem = [(1, 4), (2, -1), (0.5, 2)];

    private static double Optimum => Problem.Sum(f => f.H * f.C) / Problem.Sum(f => f.H);

    private static QuadraticObjective[] Clients => [.. Problem.Select(f => new QuadraticObjective((f.H, f.C)))];

    [Fact]
    public void FedPage_FullRoundsAndWalks_FollowTheFormulas()
    {
        const double ServerRate = 0.3;
        JobDefinition job = SmallFederation.Job("fedpage", Steps, Rate, ("probability", 0.3)) with { ServerOptimizer = new() { LearningRate = ServerRate }, Seed = 3 };
        var federation = new SmallFederation(job, x0: 0.7, Clients);
        double x = 0.7, previous = 0, g = 0;
        int walks = 0;
        for (int round = 0; round < 12; round++)
        {
            uint[] cohort = federation.Server.CohortSize(new("default", "job", round + 1, Federated.Protocol.V1.TaskKind.Train)) == 3 ? [0, 1, 2] : [(uint)(round % 3), (uint)((round + 1) % 3)];

            federation.RunRound(cohort);

            bool isFull = federation.Roles.Values.All(role => role == "full");
            Assert.Equal(isFull, cohort.Length == 3);
            walks += isFull ? 0 : 1;
            g = isFull
                ? Problem.Average(f => f.H * (x - f.C))
                : cohort.Average(i => Walk(Problem[i].H, x, g + (Problem[i].H * (x - previous)), Steps + 1) / (Rate * (Steps + 1)));
            previous = x;
            x -= ServerRate * g;
            Assert.Equal(x, federation.X, 5e-6);
            federation.Restart();
        }

        Assert.InRange(walks, 1, 10);
    }

    [Fact]
    public void BvrLSgd_TwoStages_FollowTheFormulas()
    {
        var federation = new SmallFederation(SmallFederation.Job("bvrlsgd", Steps, Rate, ("walks", 2)), x0: 0.7, Clients);
        double x = 0.7, previous = 0, v = 0;
        string[] roles = ["anchor", "walker", "refresher", "walker"];
        for (int round = 0; round < 8; round++)
        {
            string role = roles[round % 4];
            uint[] cohort = role == "walker" ? [(uint)(round % 3)] : [0, 1, 2];
            Assert.Equal(role == "walker" ? 1 : 0, federation.Server.CohortSize(new("default", "job", round + 1, Federated.Protocol.V1.TaskKind.Train)));

            federation.RunRound(cohort);

            Assert.All(federation.Roles.Values, actual => Assert.Equal(role, actual));
            if (role == "walker")
            {
                previous = x;
                x -= Walk(Problem[cohort[0]].H, x, v, Steps);
            }
            else
            {
                v = role == "anchor" ? Problem.Average(f => f.H * (x - f.C)) : v + Problem.Average(f => f.H * (x - previous));
            }

            Assert.Equal(x, federation.X, 2e-6);
            federation.Restart();
        }
    }

    [Theory]
    [InlineData("fedpage")]
    [InlineData("bvrlsgd")]
    public void ManyRounds_ReachTheCommonOptimum(string algorithm)
    {
        JobDefinition job = SmallFederation.Job(algorithm, Steps, Rate) with { ServerOptimizer = new() { LearningRate = algorithm == "fedpage" ? 0.3 : 1 } };
        var federation = new SmallFederation(job, x0: 0.7, Clients);
        for (int round = 0; round < 400; round++)
        {
            int size = federation.Server.CohortSize(new("default", "job", round + 1, Federated.Protocol.V1.TaskKind.Train));
            federation.RunRound(size == 1 ? [(uint)(round % 3)] : [0, 1, 2]);
        }

        Assert.Equal(Optimum, federation.X, 1e-5);
    }

    [Theory]
    [InlineData("fedpage")]
    [InlineData("bvrlsgd")]
    public void MiniBatches_OnANonConvexProblem_FollowTheReference(string algorithm)
    {
        // Every client has a range of its own of the centres, large batches are parts of its examples, and steps take batches of two.
        const double ServerRate = 0.2, ClipNorm = 0.4;
        const int Large = 6, Batch = 2;
        WaveObjective[] clients = [.. Enumerable.Range(0, 3).Select(client => new WaveObjective([.. Enumerable.Range(0, 9).Select(i => (0.5 + (0.3 * i), (1.1 * client) + (0.2 * i)))]))];
        JobDefinition job = SmallFederation.Job(algorithm, Steps, Rate, ("largeBatch", Large), ("passSize", 4)) with { Seed = 3, ServerOptimizer = new() { LearningRate = ServerRate } };
        job = job with { Local = job.Local with { BatchSize = Batch, ClipNorm = ClipNorm } };
        job.Algorithm.Parameters[algorithm == "fedpage" ? "probability" : "walks"] = algorithm == "fedpage" ? 0.3 : 3;
        var federation = new SmallFederation(job, x0: 0.7, clients);
        double x = 0.7, previous = 0, g = 0;
        for (int round = 1; round <= 24; round++)
        {
            int size = federation.Server.CohortSize(new("default", "job", round, Federated.Protocol.V1.TaskKind.Train));
            uint[] cohort = size == 3 ? [0, 1, 2] : size == 1 ? [(uint)(round % 3)] : [(uint)(round % 3), (uint)((round + 1) % 3)];

            federation.RunRound(cohort);

            double LargeGradient(uint client, double at, int examples) => clients[client].Gradient(at, Batches(client, round, examples)());
            double SmallWalk(uint client, double direction, int steps)
            {
                Func<int[]> next = Batches(client, round, Batch);
                double y = x, last = x, v = direction;
                for (int k = 0; k < steps; k++)
                {
                    int[] batch = k == 0 ? [] : next();
                    v += k == 0 ? 0 : clients[client].Gradient(y, batch) - clients[client].Gradient(last, batch);
                    last = y;
                    y -= Rate * Math.Clamp(v, -ClipNorm, ClipNorm);
                }

                return x - y;
            }

            double next = x;
            switch (federation.Roles.Values.First())
            {
                case "full":
                    g = cohort.Average(i => LargeGradient(i, x, Large));
                    next = x - (ServerRate * g);
                    break;
                case "walker" when algorithm == "fedpage":
                    g = cohort.Average(i => SmallWalk(i, g + LargeGradient(i, x, Large) - LargeGradient(i, previous, Large), Steps + 1) / (Rate * (Steps + 1)));
                    next = x - (ServerRate * g);
                    break;
                case "walker":
                    next = x - (ServerRate * SmallWalk(cohort[0], g, Steps));
                    break;
                case "anchor":
                    g = cohort.Average(i => LargeGradient(i, x, Large));
                    break;
                default:
                    g += cohort.Average(i => LargeGradient(i, x, Steps * Batch) - LargeGradient(i, previous, Steps * Batch));
                    break;
            }

            bool moves = next != x;
            (previous, x) = moves ? (x, next) : (previous, x);
            Assert.Equal(x, federation.X, 2e-5);
        }

        Func<int[]> Batches(uint client, int round, int size)
        {
            var schedule = new BatchSchedule();
            schedule.Start(new TrainingKey(job.Seed, client, (uint)round), clients[client].ExampleCount, size);
            return () => schedule.Next().ToArray();
        }
    }

    /// <summary>x − y after so many steps on a quadratic, whose gradient differences are exact.</summary>
    private static double Walk(double h, double x, double g, int steps)
    {
        double y = x, previous = x;
        for (int k = 0; k < steps; k++)
        {
            g += h * (y - previous);
            previous = y;
            y -= Rate * g;
        }

        return x - y;
    }
}
