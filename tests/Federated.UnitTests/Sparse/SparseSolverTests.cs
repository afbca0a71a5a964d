using Federated.Client.Pruning;
using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Client.Training;
using Federated.Numerics.Compression;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;
using Federated.Simulation.Models;

namespace Federated.UnitTests.Sparse;

public sealed class SparseSolverTests
{
    private static readonly LocalSgdPlan Plan = new() { Steps = 4, BatchSize = 6, LearningRate = 0.05, Momentum = 0.9, WeightDecay = 1e-3, Proximal = 0.1 };
    private static readonly TrainingKey Key = new(3, 1, 2);

    [Fact]
    public void Solve_UnderAMask_EqualsTorchUnderTheSameMask()
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask);
        var sparse = new SparseSolver(objective);
        float[] correction = SparseModels.Images(1, mask.ParameterCount, seed: 8).Select(value => value * 1e-3f).ToArray();
        float[] expected = new float[mask.ParameterCount], actual = new float[mask.ParameterCount];

        var dense = (IMaskedSolver)torch.Solver;
        dense.UseMask(mask);
        sparse.UseMask(mask);
        LocalSgdResult left = dense.Solve(Plan, Key, content.Parameters, correction, expected, TestContext.Current.CancellationToken);
        LocalSgdResult right = sparse.Solve(Plan, Key, content.Parameters, correction, actual, TestContext.Current.CancellationToken);

        Assert.Equal(left.Steps, right.Steps);
        Assert.Equal(left.MeanLoss, right.MeanLoss, 1e-4);
        Closeness.Holds(expected.Select(value => (double)value), actual, 1e-4);
        float[] masked = [.. actual];
        mask.Apply(masked);
        Assert.Equal(masked, actual);
    }

    [Fact]
    public void LossAndGradient_OfASolverUnderAMask_EqualsTorchUnderTheSameMask()
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask);
        int[] batch = [.. Enumerable.Range(0, 12)];
        float[] expected = new float[mask.ParameterCount], actual = new float[mask.ParameterCount];

        double left = MaskedSolver.Under(torch.Solver, mask).Objective.LossAndGradient(content.Parameters, batch, expected);
        double right = MaskedSolver.Under(new SparseSolver(objective), mask).Objective.LossAndGradient(content.Parameters, batch, actual);

        Assert.Equal(left, right, 1e-5);
        Closeness.Holds(expected.Select(value => (double)value), actual);
        Assert.Null(objective.Mask);
    }

    [Fact]
    public void SelectGradients_OfSomeLayers_FindsWhatASortOfTheDenseGradientFinds()
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask);
        var request = new GradientRequest(mask, [new LayerDemand(0, 7), new LayerDemand(2, 11)]);
        int[] indices = new int[18], batch = [.. Enumerable.Range(0, 10)];
        float[] values = new float[18], gradient = new float[mask.ParameterCount], statistics = new float[objective.StatisticCount], after = new float[objective.StatisticCount];
        objective.StoreStatistics(statistics, []);

        GradientSelection selection = objective.SelectGradients(content.Parameters, batch, request, indices, values);
        objective.StoreStatistics(after, []);

        objective.Mask = ModelMask.Full(content.Schema, 0);
        objective.LossAndGradient(content.Parameters, batch, gradient);
        var expected = new List<int>();
        int before = 0;
        foreach (LayerDemand demand in request.Layers)
        {
            PrunableLayer layer = mask.Layers[demand.Layer];
            float[] own = gradient.AsSpan(layer.Start, layer.Count).ToArray();
            foreach (int index in mask.Active(demand.Layer))
            {
                own[index] = 0;
            }

            int[] found = new int[demand.Count];
            TopKSelection.Select(own, found);
            expected.AddRange(found.Select(index => index + before));
            before += layer.Count;
        }

        Assert.Equal(new GradientSelection(18, true), selection);
        Assert.Equal(expected, indices);
        Assert.Equal(statistics, after);
    }

    [Fact]
    public void SumNormalisationInputs_OfOneBatch_EqualsTorch()
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out _);
        int columns = NormalisationLayer.Of(content.Schema).Sum(layer => layer.Channels);
        double[] expected = new double[3 * columns], actual = new double[3 * columns];

        ((INormalisationObjective)torch.Objective).SumNormalisationInputs(content.Parameters, new MomentSums(expected), TestContext.Current.CancellationToken);
        objective.SumNormalisationInputs(content.Parameters, new MomentSums(actual), TestContext.Current.CancellationToken);

        Closeness.Holds(expected, actual.Select(value => (float)value));
        Assert.Equal(expected[..columns], actual[..columns]);
    }

    [Fact]
    public void Evaluate_AfterTheMaskWasTakenAway_EqualsThatUnderTheMask()
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask);
        objective.Mask = mask;
        Evaluation masked = objective.Evaluate(content.Parameters, TestContext.Current.CancellationToken);
        objective.Mask = null;

        Evaluation free = objective.Evaluate(content.Parameters, TestContext.Current.CancellationToken);
        content.Parameters[mask.Layers[0].Start + Enumerable.Range(0, 99).First(index => !mask.IsActive(0, index))] = 5;
        Evaluation changed = objective.Evaluate(content.Parameters, TestContext.Current.CancellationToken);

        Assert.Equal(masked, free);
        Assert.NotEqual(masked.LossSum, changed.LossSum);
    }

    [Theory]
    [InlineData(1, 5, true)]
    [InlineData(5, 1, false)]
    public void Solve_OfTwoWays_TakesTheFasterAndKeepsTheStatistics(int sparseSeconds, int denseSeconds, bool isSparse)
    {
        using ModelWorker torch = Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask);
        var chosen = new ChosenSolver((IMaskedSolver)torch.Solver, new SparseSolver(objective), new TurnsTime(sparseSeconds, denseSeconds));
        float[] local = new float[mask.ParameterCount], expected = new float[mask.ParameterCount];
        float[] statistics = new float[content.Statistics.Length], expectedStatistics = new float[content.Statistics.Length];
        chosen.Objective.LoadStatistics(content.Statistics, content.Counts);

        chosen.UseMask(mask);
        chosen.Solve(Plan, Key, content.Parameters, [], local, TestContext.Current.CancellationToken);
        chosen.UseMask(null);
        chosen.Objective.StoreStatistics(statistics, []);

        Assert.Equal(isSparse, chosen.Choice!.Value.IsSparse);
        var alone = new SparseSolver(objective);
        objective.LoadStatistics(content.Statistics, content.Counts);
        alone.UseMask(mask);
        alone.Solve(Plan, Key, content.Parameters, [], expected, TestContext.Current.CancellationToken);
        objective.StoreStatistics(expectedStatistics, []);
        Closeness.Holds(expected.Select(value => (double)value), local, 1e-4);
        Closeness.Holds(expectedStatistics.Select(value => (double)value), statistics, 1e-4);
    }

    private static ModelWorker Torch(out MaskedSparseObjective objective, out ModelContent content, out ModelMask mask)
    {
        TorchRuntime.Initialise();
        ModelDefinition definition = ModelZoo.Create("cnn-bn:4", ModelShape.Image(1, 16, 16), 5);
        content = definition.Initialise(4);
        mask = ModelMask.OfLargest(content.Schema, 1, content.Parameters, [.. PrunableLayer.Of(content.Schema).Select(layer => layer.Count / 4)]);
        mask.Apply(content.Parameters);
        content.Statistics.AsSpan().Fill(1);
        var examples = new ExampleSet(SparseModels.Images(20, 256), 256, Enumerable.Range(0, 20).Select(i => i % 5).ToArray());
        int[] rows = [.. Enumerable.Range(0, 20)];
        ModelWorker worker = definition.CreateWorker();
        worker.Objective.Select(examples, rows);
        worker.Objective.LoadStatistics(content.Statistics, content.Counts);
        objective = new MaskedSparseObjective(ZooArchitecture.Of(content.Schema, 1, 16, 16), content.Schema);
        objective.Select(examples, rows);
        objective.LoadStatistics(content.Statistics, content.Counts);
        return worker;
    }

    /// <summary>Says that calls take so long, in turn: read before and after each.</summary>
    private sealed class TurnsTime(params int[] seconds) : TimeProvider
    {
        private long _now;
        private int _reads;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp()
        {
            _now += _reads % 2 == 1 ? seconds[_reads / 2 % seconds.Length] : 0;
            _reads++;
            return _now;
        }
    }
}
