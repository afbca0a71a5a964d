using System.Collections.Immutable;

namespace Federated.Client.Sparse.Shrinking;

/// <summary>
/// The channels of a network that have the same value at every pixel of every example, because no weight reaches them. Zeros around an image are no constant channel's value: a padded convolution of
/// a constant other than zero differs at the border and is not constant.
/// </summary>
internal static class ConstantChannels
{
    /// <summary>For every layer and channel its value; NaN where it is not constant.</summary>
    public static double[][] Of(SparseNetwork network)
    {
        double[][] values = new double[network.Weights.Length][];
        double[] input = Varying(network.InputShape.Channels);
        for (int i = 0; i < values.Length; i++)
        {
            ImmutableArray<int> inputs = network.Architecture.InputsOf(i);
            double[] first = inputs[0] < 0 ? input : values[inputs[0]];
            SparseLayerWeights weights = network.Weights[i];
            SparseLayer layer = network.Architecture.Layers[i];
            values[i] = layer.Kind switch
            {
                SparseLayerKind.Convolution => Product(weights, first, layer.Kernel * layer.Kernel, zerosOnly: layer.Padding > 0),
                SparseLayerKind.Linear => Product(weights, first, area: 1, zerosOnly: false),
                SparseLayerKind.BatchNorm => [.. first.Select((value, channel) => (value * weights.Scale.Span[channel]) + weights.Shift.Span[channel])],
                SparseLayerKind.Relu => [.. first.Select(value => double.IsNaN(value) ? value : Math.Max(0, value))],
                SparseLayerKind.Add => [.. first.Zip(inputs[1] < 0 ? input : values[inputs[1]], (a, b) => a + b)],
                SparseLayerKind.Flatten => [.. first.SelectMany(value => Enumerable.Repeat(value, network.Shapes[i].Channels / first.Length))],
                _ => first,
            };
        }

        return values;
    }

    private static double[] Varying(int channels)
    {
        double[] values = new double[channels];
        Array.Fill(values, double.NaN);
        return values;
    }

    private static double[] Product(SparseLayerWeights weights, double[] input, int area, bool zerosOnly)
    {
        CsrMatrix matrix = weights.Matrix!;
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span, columns = matrix.ColumnIndices.Span;
        ReadOnlySpan<float> entries = matrix.Values.Span;
        double[] values = new double[matrix.Rows];
        for (int row = 0; row < values.Length; row++)
        {
            double value = weights.Shift.IsEmpty ? 0 : weights.Shift.Span[row];
            for (int k = pointers[row]; k < pointers[row + 1]; k++)
            {
                double from = input[columns[k] / area];
                value += entries[k] == 0 || from == 0 ? 0 : zerosOnly ? double.NaN : entries[k] * from;
            }

            values[row] = value;
        }

        return values;
    }
}
