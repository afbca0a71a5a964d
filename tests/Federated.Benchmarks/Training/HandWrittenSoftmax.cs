using System.Numerics.Tensors;
using Federated.Client.Training;

namespace Federated.Benchmarks.Training;

/// <summary>Softmax regression, vectorised row by row; the biases lie behind the weights of all classes.</summary>
internal sealed class HandWrittenSoftmax(ExampleSet examples, IReadOnlyList<int[]> clients, int classes, LocalWork work)
    : HandWrittenAveraging(clients, (examples.FeatureLength + 1) * classes, work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly float[] _scores = new float[classes];

    protected override void AddGradients(ReadOnlySpan<int> batch, float[] local, float[] gradient)
    {
        foreach (int row in batch)
        {
            ReadOnlySpan<float> x = examples.Features.Span.Slice(row * _features, _features);
            for (int c = 0; c < classes; c++)
            {
                _scores[c] = TensorPrimitives.Dot(x, local.AsSpan(c * _features, _features)) + local[(classes * _features) + c];
            }

            TensorPrimitives.SoftMax(_scores, _scores);
            _scores[examples.Labels.Span[row]] -= 1;
            for (int c = 0; c < classes; c++)
            {
                Span<float> slopes = gradient.AsSpan(c * _features, _features);
                TensorPrimitives.MultiplyAdd(x, _scores[c], slopes, slopes);
                gradient[(classes * _features) + c] += _scores[c];
            }
        }
    }
}
