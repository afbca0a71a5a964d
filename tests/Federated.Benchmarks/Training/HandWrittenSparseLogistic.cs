using Federated.Client.Training;

namespace Federated.Benchmarks.Training;

/// <summary>Logistic regression over sparse rows.</summary>
internal sealed class HandWrittenSparseLogistic(ExampleSet examples, IReadOnlyList<int[]> clients, LocalWork work) : HandWrittenAveraging(clients, examples.FeatureLength + 1, work)
{
    private readonly int _features = examples.FeatureLength;
    private readonly int[] _starts = examples.SparseFeatures!.RowPointers.ToArray();
    private readonly int[] _columns = examples.SparseFeatures!.ColumnIndices.ToArray();
    private readonly float[] _values = examples.SparseFeatures!.Values.ToArray();
    private readonly int[] _labels = examples.Labels.ToArray();

    protected override void AddGradients(ReadOnlySpan<int> batch, float[] local, float[] gradient)
    {
        foreach (int row in batch)
        {
            ReadOnlySpan<int> columns = _columns.AsSpan(_starts[row], _starts[row + 1] - _starts[row]);
            ReadOnlySpan<float> values = _values.AsSpan(_starts[row], columns.Length);
            float score = local[_features];
            for (int k = 0; k < columns.Length; k++)
            {
                score += local[columns[k]] * values[k];
            }

            float residual = (1 / (1 + MathF.Exp(-score))) - _labels[row];
            for (int k = 0; k < columns.Length; k++)
            {
                gradient[columns[k]] += residual * values[k];
            }

            gradient[_features] += residual;
        }
    }
}
