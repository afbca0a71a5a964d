using System.Collections.Immutable;

namespace Federated.Client.Sparse.Shrinking;

/// <summary>Builds the smaller network: rows and columns of dead channels leave the matrices, their constants move into biases or into the weights of one constant channel.</summary>
internal static class NetworkShrinking
{
    public static SparseNetwork Shrink(SparseNetwork network)
    {
        double[][] constants = ConstantChannels.Of(network);
        NeededChannels needed = NeededChannels.Of(network, constants);
        int[][] kept = [.. Enumerable.Range(0, constants.Length).Select(needed.Of)];
        var layers = ImmutableArray.CreateBuilder<SparseLayer>(kept.Length);
        var weights = new List<SparseLayerWeights>();
        for (int i = 0; i < kept.Length; i++)
        {
            SparseLayer layer = network.Architecture.Layers[i];
            int input = network.Architecture.InputsOf(i)[0];
            if (network.Weights[i].Matrix is { } matrix)
            {
                int area = layer.Kind == SparseLayerKind.Convolution ? layer.Kernel * layer.Kernel : 1;
                InputChannels channels = input < 0
                    ? InputChannels.All(matrix.Columns / area)
                    : new InputChannels(kept[input], constants[input], layer.Padding > 0 ? needed.Representatives[input] : -1);
                weights.Add(Rows(matrix, network.Weights[i].Shift, kept[i], channels, area));
                layers.Add(layer with { Outputs = kept[i].Length });
            }
            else
            {
                weights.Add(new SparseLayerWeights(null, Pick(network.Weights[i].Scale, kept[i]), Pick(network.Weights[i].Shift, kept[i])));
                layers.Add(layer);
            }
        }

        return new SparseNetwork(network.Architecture with { Layers = layers.MoveToImmutable() }, weights);
    }

    private static SparseLayerWeights Rows(CsrMatrix matrix, ReadOnlyMemory<float> shift, int[] rows, InputChannels channels, int area)
    {
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span, columns = matrix.ColumnIndices.Span;
        ReadOnlySpan<float> values = matrix.Values.Span;
        int[] starts = new int[rows.Length + 1];
        List<int> keptColumns = [];
        List<float> keptValues = [];
        float[] shifts = new float[rows.Length];
        for (int r = 0; r < rows.Length; r++)
        {
            var row = new SortedDictionary<int, double>();
            double bias = shift.IsEmpty ? 0 : shift.Span[rows[r]];
            for (int k = pointers[rows[r]]; k < pointers[rows[r] + 1]; k++)
            {
                (int channel, int place) = Math.DivRem(columns[k], area);
                if (channels.PlaceOf(channel) is >= 0 and var kept)
                {
                    row[(kept * area) + place] = row.GetValueOrDefault((kept * area) + place) + values[k];
                }
                else if (channels.Representative is >= 0 and var other)
                {
                    int column = (channels.PlaceOf(other) * area) + place;
                    row[column] = row.GetValueOrDefault(column) + (values[k] * channels.ValueOf(channel) / channels.ValueOf(other));
                }
                else if (values[k] != 0)
                {
                    bias += values[k] * channels.ValueOf(channel);
                }
            }

            foreach (var (column, value) in row.Where(entry => entry.Value != 0))
            {
                keptColumns.Add(column);
                keptValues.Add((float)value);
            }

            starts[r + 1] = keptColumns.Count;
            shifts[r] = (float)bias;
        }

        var smaller = new CsrMatrix(rows.Length, channels.Count * area, starts, keptColumns.ToArray(), keptValues.ToArray());
        return new SparseLayerWeights(smaller, default, shift.IsEmpty && !shifts.AsSpan().ContainsAnyExcept(0f) ? default : shifts);
    }

    private static ReadOnlyMemory<float> Pick(ReadOnlyMemory<float> values, int[] channels) =>
        values.IsEmpty ? default : channels.Select(channel => values.Span[channel]).ToArray();
}
