using System.Numerics.Tensors;
using Federated.Client.Training;

namespace Federated.Benchmarks.Training;

/// <summary>Logistic regression, vectorised row by row over dense rows.</summary>
internal sealed class HandWrittenLogistic(ExampleSet examples, IReadOnlyList<int[]> clients, LocalWork work) : HandWrittenAveraging(clients, examples.FeatureLength + 1, work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly float[] _rows = Dense(examples);

    protected override void AddGradients(ReadOnlySpan<int> batch, float[] local, float[] gradient)
    {
        ReadOnlySpan<float> weights = local.AsSpan(0, _features);
        Span<float> slopes = gradient.AsSpan(0, _features);
        foreach (int row in batch)
        {
            ReadOnlySpan<float> x = _rows.AsSpan(row * _features, _features);
            float score = TensorPrimitives.Dot(x, weights) + local[_features];
            float residual = (1 / (1 + MathF.Exp(-score))) - examples.Labels.Span[row];
            TensorPrimitives.MultiplyAdd(x, residual, slopes, slopes);
            gradient[_features] += residual;
        }
    }

    private static float[] Dense(ExampleSet examples)
    {
        float[] rows = new float[examples.Count * examples.FeatureLength];
        for (int row = 0; row < examples.Count; row++)
        {
            examples.CopyRow(row, rows.AsSpan(row * examples.FeatureLength));
        }

        return rows;
    }
}
