using System.Runtime.InteropServices;
using Federated.Client.Algorithms;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class SelectingServerTests
{
    private const int Candidates = 6;

    private readonly JobDefinition _job = new()
    {
        Pruning = new PruningSettings { Method = "fedtiny", Density = 0.2, Candidates = Candidates, StopAdjusting = 0 },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_SumsOfTwoClients_TakesTheCandidateOfLeastPooledLoss(bool normalises)
    {
        ModelSchema schema = normalises ? PruningModels.Small : PruningModels.Deep;
        var model = new ModelContent(schema, PruningModels.Gaussian(schema.ParameterCount, 1));
        float[] start = [.. model.Parameters];
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(_job, schema);
        server.Follow(model);
        Assert.True(server.TakesSums);
        FakeObjective[] clients = [new(schema, 1), new(schema, 3)];

        int rounds = 0;
        while (model.Mask is null)
        {
            server.Apply(Round(++rounds), Sums(server, model, clients), model);

            // A restart in between changes nothing.
            byte[] state = server.SaveState() ?? [];
            server = ServerAlgorithms.BuiltIn.Create(_job, schema);
            server.LoadState(state);
            server.Follow(model);
        }

        Assert.Equal(normalises ? 2 : 1, rounds);
        Assert.False(server.TakesSums);
        Assert.Equal(SectionRole.Delta, Assert.Single(server.UpSections("worker"), section => section.Role == SectionRole.Delta).Role);

        // The losses of the fakes are linear in what they are given, so the best candidate can be told.
        ModelMask[] masks = [.. PruningMethods.Create(_job.Pruning, schema, _job.Seed)!.Candidates(start)];
        Assert.Equal(Candidates, masks.Length);
        int best = Enumerable.Range(0, Candidates).MinBy(c => clients.Sum(client => client.LossOf(Under(masks[c], start), Statistics(masks[c]))));
        Assert.Equal(masks[best].HashText, model.Mask.HashText);
        Assert.Equal(Statistics(masks[best]), model.Statistics);

        float[] Statistics(ModelMask mask)
        {
            float[] statistics = new float[schema.StatisticCount];
            if (normalises)
            {
                // Of every channel: values 0 and 2p from one client, 0 and 6p from the other.
                double p = Under(mask, start).Sum(value => (double)value) / 100, mean = 2 * p, variance = 6 * p * p;
                statistics.AsSpan(0, 4).Fill((float)mean);
                statistics.AsSpan(4, 4).Fill((float)variance);
            }

            return statistics;
        }
    }

    [Fact]
    public void Run_OneExampleOrNoUsableFigure_AddsZeros()
    {
        ModelSchema schema = PruningModels.Small;
        var model = new ModelContent(schema, PruningModels.Gaussian(schema.ParameterCount, 1));
        var selection = new CandidateSelection(PruningMethods.Create(_job.Pruning, schema, _job.Seed)!, _job, schema);
        selection.Follow(model, []);

        Assert.All(Run(new FakeObjective(schema, 1) { ExampleCount = 1 }), sum => Assert.Equal(0, sum));
        Assert.All(Run(new FakeObjective(schema, double.NaN)), sum => Assert.Equal(0, sum));
        Assert.Equal(Candidates * 4 * 2, Run(new FakeObjective(schema, 1)).Chunk(12).Sum(own => own[..4].Sum()));

        double[] Run(FakeObjective objective)
        {
            byte[] payload = new byte[ClientUpdate.PayloadLength(selection.UpSections)];
            var solver = new RecordingSolver(objective);
            var task = new ClientTask { Schema = schema, Parameters = model.Parameters, Statistics = model.Statistics, Settings = selection.TrainingFor(1), Round = 1 };
            Assert.Equal(ClientOutcome.Completed, new CandidateClient().Run(task, solver, new ClientUpdate(selection.UpSections, payload), TestContext.Current.CancellationToken));

            // Whoever computes with active weights alone is told which they are, and at the end that there is no mask any more.
            Assert.Equal([.. selection.Masks.Select(mask => mask.HashText), null], solver.Masks);
            return MemoryMarshal.Cast<byte, double>(payload).ToArray();
        }
    }

    [Fact]
    public void Follow_StateOfAnotherNumberOfCandidates_IsRefused()
    {
        ModelSchema schema = PruningModels.Small;
        var model = new ModelContent(schema, PruningModels.Gaussian(schema.ParameterCount, 1));
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(_job, schema);
        server.Follow(model);
        server.Apply(Round(1), Sums(server, model, [new FakeObjective(schema, 1)]), model);
        byte[] state = server.SaveState()!;

        JobDefinition other = _job with { Pruning = new PruningSettings { Method = "fedtiny", Density = 0.2, Candidates = Candidates + 1, StopAdjusting = 0 } };
        IServerAlgorithm restarted = ServerAlgorithms.BuiltIn.Create(other, schema);
        restarted.LoadState(state);

        Assert.Contains("7 candidates", Assert.Throws<InvalidDataException>(() => restarted.Follow(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_NobodyAnswered_HoldsTheSameRoundAgain()
    {
        ModelSchema schema = PruningModels.Small;
        var model = new ModelContent(schema, PruningModels.Gaussian(schema.ParameterCount, 1));
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(_job, schema);
        server.Follow(model);

        server.Apply(Round(1), new RoundAggregate([], []), model);

        Assert.True(server.TakesSums);
        Assert.True(server.TrainingFor(Round(2), 1, "worker").Candidates.SumsInputs);
        Assert.Null(server.SaveState());
    }

    private static RoundAggregate Sums(IServerAlgorithm server, ModelContent model, FakeObjective[] clients)
    {
        SectionSpec section = Assert.Single(server.UpSections("worker"));
        double[] total = new double[section.ElementCount];
        var half = new CandidateClient();
        for (uint i = 0; i < clients.Length; i++)
        {
            LocalTraining settings = server.TrainingFor(Round(1), i, "worker");
            Assert.Equal(section, Assert.Single(half.Sections(model.Schema, settings, "worker")));
            byte[] payload = new byte[8 * total.Length];
            var task = new ClientTask
            {
                Schema = model.Schema,
                Parameters = model.Parameters,
                Statistics = model.Statistics,
                Settings = settings,
                Round = 1,
                DownSections = server.DownSections("worker").ToDictionary(down => down.Spec.Role, down => down.Values),
            };
            Assert.Equal(ClientOutcome.Completed, half.Run(task, new SgdSolver(clients[i]), new ClientUpdate([section], payload), TestContext.Current.CancellationToken));
            ReadOnlySpan<double> sums = MemoryMarshal.Cast<byte, double>(payload);
            for (int k = 0; k < total.Length; k++)
            {
                total[k] += sums[k];
            }
        }

        return new RoundAggregate([new AggregatedSection(section, [], total, 1)], []);
    }

    private static RoundKey Round(int number) => new("t", "j", number, TaskKind.Train);

    private static float[] Under(ModelMask mask, float[] parameters)
    {
        float[] masked = [.. parameters];
        mask.Apply(masked);
        return masked;
    }

    /// <summary>Its layers see 0 and 2sp, p being a hundredth of the parameters' sum; its loss is linear in parameters and statistics.</summary>
    private sealed class FakeObjective(ModelSchema schema, double s) : INormalisationObjective
    {
        private float[] _statistics = [];

        public int ParameterCount => schema.ParameterCount;

        public int StatisticCount => schema.StatisticCount;

        public int ExampleCount { get; init; } = 10;

        public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts) => _statistics = statistics.ToArray();

        public double LossOf(float[] parameters, float[] statistics) => s * (parameters.Select((value, i) => value * (i % 7)).Sum() + 100 + statistics.Sum());

        public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => throw new NotSupportedException();

        public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => throw new NotSupportedException();

        public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(LossOf(parameters.ToArray(), _statistics), 0, 10);

        public void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default)
        {
            double p = parameters.ToArray().Sum(value => (double)value) / 100;
            sums.Counts.Fill(2);
            sums.Sums.Fill(2 * s * p);
            sums.Squares.Fill(4 * s * s * p * p);
        }
    }

    /// <summary>Remembers the masks that it was told of.</summary>
    private sealed class RecordingSolver(IObjective objective) : IMaskedSolver
    {
        public List<string?> Masks { get; } = [];

        public IObjective Objective => objective;

        public void UseMask(ModelMask? mask) => Masks.Add(mask?.HashText);

        public LocalSgdResult Solve(
            LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default) => throw new NotSupportedException();
    }
}
