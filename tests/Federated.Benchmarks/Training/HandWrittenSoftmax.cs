using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>Federated averaging of softmax regression as one would write it down: one thread, one client after another, vectorised row by row.</summary>
internal sealed class HandWrittenSoftmax(ExampleSet examples, IReadOnlyList<int[]> clients, int classes, LocalWork work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly float[] _global = new float[(examples.FeatureLength + 1) * classes];
    private readonly float[] _local = new float[(examples.FeatureLength + 1) * classes];
    private readonly float[] _gradient = new float[(examples.FeatureLength + 1) * classes];
    private readonly float[] _sum = new float[(examples.FeatureLength + 1) * classes];
    private readonly float[] _scores = new float[classes];
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
                Accumulate(row);
            }

            TensorPrimitives.MultiplyAdd(_gradient, (float)(-LocalWork.LearningRate / work.BatchSize), _local, _local);
        }
    }

    private void Accumulate(int row)
    {
        ReadOnlySpan<float> x = examples.Features.Span.Slice(row * _features, _features);
        int label = examples.Labels.Span[row];
        for (int c = 0; c < classes; c++)
        {
            _scores[c] = TensorPrimitives.Dot(x, _local.AsSpan(c * _features, _features)) + _local[(classes * _features) + c];
        }

        TensorPrimitives.SoftMax(_scores, _scores);
        _scores[label] -= 1;
        for (int c = 0; c < classes; c++)
        {
            Span<float> gradient = _gradient.AsSpan(c * _features, _features);
            TensorPrimitives.MultiplyAdd(x, _scores[c], gradient, gradient);
            _gradient[(classes * _features) + c] += _scores[c];
        }
    }
}
