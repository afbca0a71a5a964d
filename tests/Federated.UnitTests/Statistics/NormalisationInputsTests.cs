using Federated.Client.Algorithms;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Protocol.Models;
using Federated.Protocol.Statistics;
using Federated.UnitTests.Torch;
using Federated.UnitTests.Training;

namespace Federated.UnitTests.Statistics;

public sealed class NormalisationInputsTests
{
    private const int Side = 4;
    private const int Channels = 2;

    private static readonly StatisticsShape Shape = new(0, 0, Channels);

    [Fact]
    public void Run_OverSeveralDevices_PoolsToTheMomentsOfTheConvolutionsOutput()
    {
        using TorchObjective objective = SmallNetwork.CreateObjective(dropout: 0.5);
        using var solver = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        ExampleSet examples = SampleExamples.Create(300, Side * Side, 3);

        // One example, one more than a chunk of the forward passes, and what is left.
        int[][] devices = [[0], [.. Enumerable.Range(1, 257)], [.. Enumerable.Range(258, 42)]];
        var updates = new List<ClientUpdate>();
        foreach (int[] rows in devices)
        {
            objective.Select(examples, rows);
            updates.Add(StatisticsClientTests.Run(Shape, solver, model));
        }

        PooledStatistics pooled = StatisticsClientTests.Pool(Shape, updates, model.Schema);

        PooledLayer layer = Assert.Single(pooled.Normalisation!);
        Assert.Equal("norm", layer.Name);
        double[][] outputs = Convolve(model, examples);
        for (int channel = 0; channel < Channels; channel++)
        {
            double mean = outputs[channel].Average();
            Assert.Equal(300 * Side * Side, layer.Channels.Counts[channel]);
            Assert.Equal(mean, layer.Channels.Means[channel]!.Value, 1e-6);
            Assert.Equal(outputs[channel].Average(value => (value - mean) * (value - mean)), layer.Channels.Variances[channel]!.Value, 1e-5);
        }
    }

    [Fact]
    public void SumNormalisationInputs_Afterwards_LeavesTheModelAsItWas()
    {
        using TorchObjective objective = SmallNetwork.CreateObjective();
        ModelContent model = objective.Module.ToContent();
        float[] statistics = [0.5f, -0.5f, 2, 3];
        long[] counts = [7];
        objective.LoadStatistics(statistics, counts);
        objective.Select(SampleExamples.Create(20, Side * Side, 3), SampleExamples.Range(20));
        Evaluation before = objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken);

        objective.SumNormalisationInputs(
            model.Parameters, new MomentSums(new double[MomentSums.Width * Channels]), TestContext.Current.CancellationToken);

        float[] storedStatistics = new float[4];
        long[] storedCounts = new long[1];
        objective.StoreStatistics(storedStatistics, storedCounts);
        Assert.Equal(statistics, storedStatistics);
        Assert.Equal(counts, storedCounts);
        Assert.Equal(before, objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void SumNormalisationInputs_WrongNumberOfChannels_Throws()
    {
        using TorchObjective objective = SmallNetwork.CreateObjective();
        objective.Select(SampleExamples.Create(4, Side * Side, 3), SampleExamples.Range(4));

        Assert.Throws<ArgumentException>(() => objective.SumNormalisationInputs(
            objective.Module.ToContent().Parameters, new MomentSums(new double[MomentSums.Width]), TestContext.Current.CancellationToken));
    }

    /// <summary>A 3×3 convolution with padding 1 by hand, in double.</summary>
    private static double[][] Convolve(ModelContent model, ExampleSet examples)
    {
        ReadOnlySpan<float> weight = Tensor(model, "conv.weight"), bias = Tensor(model, "conv.bias"), features = examples.Features.Span;
        double[][] outputs = [new double[examples.Count * Side * Side], new double[examples.Count * Side * Side]];
        for (int channel = 0; channel < Channels; channel++)
        {
            for (int i = 0; i < outputs[channel].Length; i++)
            {
                int row = i / (Side * Side), y = i / Side % Side, x = i % Side;
                double sum = bias[channel];
                for (int k = 0; k < 9; k++)
                {
                    int from = y + (k / 3) - 1, at = x + (k % 3) - 1;
                    if (from is >= 0 and < Side && at is >= 0 and < Side)
                    {
                        sum += (double)weight[(channel * 9) + k] * features[(row * Side * Side) + (from * Side) + at];
                    }
                }

                outputs[channel][i] = sum;
            }
        }

        return outputs;
    }

    private static ReadOnlySpan<float> Tensor(ModelContent model, string name)
    {
        int offset = 0;
        foreach (TensorSpec tensor in model.Schema.Of(TensorPart.Parameter))
        {
            if (tensor.Name == name)
            {
                return model.Parameters.AsSpan(offset, (int)tensor.ElementCount);
            }

            offset += (int)tensor.ElementCount;
        }

        throw new ArgumentException($"The model has no tensor '{name}'.", nameof(name));
    }
}
