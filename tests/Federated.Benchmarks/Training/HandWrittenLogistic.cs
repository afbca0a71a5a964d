using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>Federated averaging of logistic regression as one would write it down: one thread, one client after another, vectorised row by row over dense rows.</summary>
internal sealed class HandWrittenLogistic(ExampleSet examples, IReadOnlyList<int[]> clients, LocalWork work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly float[] _rows = Dense(examples);
    private readonly float[] _global = new float[examples.FeatureLength + 1];
    private readonly float[] _local = new float[examples.FeatureLength + 1];
    private readonly float[] _gradient = new float[examples.FeatureLength + 1];
    private readonly float[] _sum = new float[examples.FeatureLength + 1];
    private readonly CounterRandom _random = new(1, RandomPurpose.Test);

    public void Run()
    {
        for (int round = 0; round < work.Rounds; round++)
        {
            Array.Clear(_sum);
            foreach (int[] rows in clients)
            {
                Train([.. rows]);
                TensorPrimitives.Subtract(_local, _global, _local);
                TensorPrimitives.MultiplyAdd(_local, 1f / clients.Count, _sum, _sum);
            }

            TensorPrimitives.Add(_global, _sum, _global);
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

    private void Train(int[] order)
    {
        _global.CopyTo(_local, 0);
        _random.Shuffle(order.AsSpan());
        for (int step = 0; step < work.Steps; step++)
        {
            Array.Clear(_gradient);
            foreach (int row in order.AsSpan(step * work.BatchSize, work.BatchSize))
            {
                ReadOnlySpan<float> x = _rows.AsSpan(row * _features, _features);
                float score = TensorPrimitives.Dot(x, _local.AsSpan(0, _features)) + _local[_features];
                float residual = (1 / (1 + MathF.Exp(-score))) - examples.Labels.Span[row];
                Span<float> gradient = _gradient.AsSpan(0, _features);
                TensorPrimitives.MultiplyAdd(x, residual, gradient, gradient);
                _gradient[_features] += residual;
            }

            TensorPrimitives.MultiplyAdd(_gradient, (float)(-LocalWork.LearningRate / work.BatchSize), _local, _local);
        }
    }
}
