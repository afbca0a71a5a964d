using Federated.Client.Pruning;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Sparse;

public sealed class SparseObjectiveTests
{
    [Theory]
    [InlineData(1.0, 16, 1)]
    [InlineData(0.2, 16, 2)]
    [InlineData(0.2, 5, 3)]
    [InlineData(0.05, 3, 1)]
    public void LossAndGradient_ResidualNetwork_EqualsTheMaskedDenseReference(double density, int count, int workers)
    {
        Check(new SparseTask(SparseModels.Residual(), density, count, workers));
    }

    [Theory]
    [InlineData(1.0, 4)]
    [InlineData(0.3, 16)]
    [InlineData(0.1, 1)]
    public void LossAndGradient_PooledNetwork_EqualsTheMaskedDenseReference(double density, int count)
    {
        // One example has nothing to normalise by in the norm of the input.
        Check(new SparseTask(SparseModels.Pooled(), density, count, workers: 2));
    }

    [Fact]
    public void LossAndGradient_PaddedConvolutionOfFeatures_EqualsTheMaskedDenseReference() => Check(new SparseTask(SparseModels.Flattened(), 0.4, 6));

    [Theory]
    [InlineData(3, 1, 1, 16, 8)]
    [InlineData(3, 2, 1, 9, 8)]
    [InlineData(3, 2, 0, 9, 7)]
    [InlineData(1, 1, 0, 5, 5)]
    [InlineData(1, 2, 0, 5, 6)]
    [InlineData(5, 3, 2, 11, 12)]
    [InlineData(3, 4, 0, 12, 11)]
    public void LossAndGradient_StackedConvolutions_EqualTheMaskedDenseReference(int kernel, int stride, int padding, int height, int width)
    {
        SparseArchitecture architecture = new()
        {
            Channels = 3,
            Height = height,
            Width = width,
            Layers =
            [
                new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "first", Outputs = 4, Kernel = 3, Padding = 1 },
                new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "second", Outputs = 6, Kernel = kernel, Stride = stride, Padding = padding },
                new SparseLayer { Kind = SparseLayerKind.Relu },
                new SparseLayer { Kind = SparseLayerKind.GlobalAveragePool },
                new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 3 },
            ],
        };
        foreach (int count in (int[])[1, 6, 16])
        {
            Check(new SparseTask(architecture, 0.3, count));
            Check(new SparseTask(architecture, 0.02, count, bias: false));
        }
    }

    [Fact]
    public void LossAndGradient_AnyNumberOfWorkers_GivesTheSameBits()
    {
        SparseTask one = new(SparseModels.Residual(), 0.3, 16), three = new(SparseModels.Residual(), 0.3, 16, workers: 3);
        float[] first = new float[one.Packed.Length], second = new float[one.Packed.Length];

        double left = one.Objective.LossAndGradient(one.Packed, one.All, first);
        double right = three.Objective.LossAndGradient(three.Packed, three.All, second);

        Assert.Equal(left, right);
        Assert.Equal(first, second);
    }

    [Fact]
    public void LossAndGradient_OfABatch_MovesTheStatisticsAsTheReferenceDoes()
    {
        var task = new SparseTask(SparseModels.Residual(), 0.3, 8);
        float[] before = [.. task.Content.Statistics], after = new float[before.Length];
        long[] counts = new long[task.Content.Counts.Length];

        task.Objective.LossAndGradient(task.Packed, task.All, new float[task.Packed.Length]);
        task.Objective.StoreStatistics(after, counts);

        double[][][] values = new NaiveNetwork(task.Architecture, task.Content) { Training = true }.Forward(task.Images);
        int plane = 64;
        double[] channel = [.. values[0].SelectMany(example => example.Take(plane))];
        double mean = channel.Average(), variance = channel.Sum(value => (value - mean) * (value - mean)) / (channel.Length - 1);
        Assert.Equal((0.9 * before[0]) + (0.1 * mean), after[0], 1e-5);
        Assert.Equal((0.9 * before[6]) + (0.1 * variance), after[6], 1e-5);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Evaluate_AfterABatch_EqualsTheReferenceWithRunningStatistics()
    {
        var task = new SparseTask(SparseModels.Residual(), 0.3, 21);
        task.Objective.LossAndGradient(task.Packed, task.All.AsSpan(0, 8), new float[task.Packed.Length]);
        task.Objective.LoadStatistics(task.Content.Statistics, []);

        Evaluation evaluation = task.Objective.Evaluate(task.Packed, TestContext.Current.CancellationToken);

        (double loss, _) = new NaiveNetwork(task.Architecture, task.Content).LossAndGradient(task.Images, task.Labels);
        Assert.Equal(loss, evaluation.MeanLoss, 1e-5);
        Assert.Equal(loss, task.Objective.Loss(task.Packed, task.All), 1e-5);
        Assert.Equal(21, evaluation.Count);
    }

    [Fact]
    public void Pass_WithDenseRows_HandsOverTheDenseGradientRowByRow()
    {
        var task = new SparseTask(SparseModels.Residual(), 0.1, 4, workers: 2);
        string[] names = ["conv1.weight", "short.weight", "fc.weight"];
        var rows = names.Select(_ => new List<float>()).ToArray();
        float[] before = [.. task.Content.Statistics], after = new float[before.Length];
        var positions = names.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);

        task.Objective.Pass(task.Packed, task.All, new float[task.Packed.Length], new DenseRows(positions, (layer, first, values) =>
        {
            Assert.Equal(rows[layer].Count, first);
            rows[layer].AddRange(values);
        }));

        (_, double[] gradient) = new NaiveNetwork(task.Architecture, task.Content) { Training = true }.LossAndGradient(task.Images, task.Labels);
        for (int i = 0; i < names.Length; i++)
        {
            var layer = task.Mask.Layers.Single(layer => layer.Name == names[i]);
            Closeness.Holds(gradient[layer.Start..(layer.Start + layer.Count)], rows[i]);
        }

        task.Objective.StoreStatistics(after, []);
        Assert.Equal(before, after);
    }

    [Fact]
    public void SelectGradients_OfAWideLayer_TakesMemoryForARowAndTheHeapOnly()
    {
        // 2,097,152 weights, whose dense gradient has 8 MiB.
        const int Most = 400;
        var architecture = new SparseArchitecture
        {
            Channels = 2048,
            Layers = [new SparseLayer { Kind = SparseLayerKind.Linear, Name = "wide", Outputs = 1024 }, new SparseLayer { Kind = SparseLayerKind.Relu }, new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 4 }],
        };
        var task = new SparseTask(architecture, 0.005, 8);
        var objective = new MaskedSparseObjective(architecture, task.Content.Schema) { Mask = task.Mask };
        objective.Select(task.Examples, task.All);
        var request = new GradientRequest(task.Mask, [new LayerDemand(0, Most)]);
        int[] indices = new int[Most];
        float[] values = new float[Most];
        objective.SelectGradients(task.Content.Parameters, task.All, request, indices, values);
        long before = GC.GetAllocatedBytesForCurrentThread();

        GradientSelection found = objective.SelectGradients(task.Content.Parameters, task.All, request, indices, values);

        Assert.Equal(new GradientSelection(Most, true), found);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
    }

    [Fact]
    public void Solve_SmallTask_LearnsItAndLeavesTheRestOfTheMaskZero()
    {
        var task = new SparseTask(SparseModels.Residual(), 0.3, 20);
        var solver = new SgdSolver(task.Objective);
        float[] local = new float[task.Packed.Length];

        LocalSgdResult result = solver.Solve(
            new LocalSgdPlan { Epochs = 40, BatchSize = 8, LearningRate = 0.05, Momentum = 0.9 },
            new TrainingKey(1, 2, 3),
            task.Packed,
            [],
            local,
            TestContext.Current.CancellationToken);

        Assert.False(result.Diverged);
        Assert.True(task.Objective.Loss(local, task.All) < 0.2 * task.Objective.Loss(task.Packed, task.All));
    }

    [Fact]
    public void Constructor_SchemaWithoutATensor_NamesIt()
    {
        SparseArchitecture architecture = SparseModels.Residual();
        ModelSchema schema = SparseModels.SchemaOf(SparseModels.Pooled());
        var mask = Federated.Protocol.Pruning.ModelMask.Full(schema, 0);

        ArgumentException exception = Assert.Throws<ArgumentException>(() => new SparseObjective(architecture, schema, mask));

        Assert.Contains("stem.weight", exception.Message, StringComparison.Ordinal);
    }

    private static void Check(SparseTask task)
    {
        float[] gradient = new float[task.Packed.Length];

        double loss = task.Objective.LossAndGradient(task.Packed, task.All, gradient);

        (double expected, double[] dense) = new NaiveNetwork(task.Architecture, task.Content) { Training = true }.LossAndGradient(task.Images, task.Labels);
        Assert.Equal(expected, loss, 1e-5 * Math.Max(1, Math.Abs(expected)));
        Closeness.Holds(task.Pack(dense), gradient);
    }
}
