using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>Federated averaging of logistic regression as one would write it down: one thread, one client after another, over sparse rows.</summary>
internal sealed class HandWrittenSparseLogistic(ExampleSet examples, IReadOnlyList<int[]> clients, LocalWork work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly int[] _starts = examples.SparseFeatures!.RowPointers.ToArray();
    private readonly int[] _columns = examples.SparseFeatures!.ColumnIndices.ToArray();
    private readonly float[] _values = examples.SparseFeatures!.Values.ToArray();
    private readonly int[] _labels = examples.Labels.ToArray();
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

    private void Train(int[] order)
    {
        _global.CopyTo(_local, 0);
        _random.Shuffle(order.AsSpan());
        for (int step = 0; step < work.Steps; step++)
        {
            Array.Clear(_gradient);
            foreach (int row in order.AsSpan(step * work.BatchSize, work.BatchSize))
            {
                ReadOnlySpan<int> columns = _columns.AsSpan(_starts[row], _starts[row + 1] - _starts[row]);
                ReadOnlySpan<float> values = _values.AsSpan(_starts[row], columns.Length);
                float score = _local[_features];
                for (int k = 0; k < columns.Length; k++)
                {
                    score += _local[columns[k]] * values[k];
                }

                float residual = (1 / (1 + MathF.Exp(-score))) - _labels[row];
                for (int k = 0; k < columns.Length; k++)
                {
                    _gradient[columns[k]] += residual * values[k];
                }

                _gradient[_features] += residual;
            }

            TensorPrimitives.MultiplyAdd(_gradient, (float)(-LocalWork.LearningRate / work.BatchSize), _local, _local);
        }
    }
}
