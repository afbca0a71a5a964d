using System.Collections.Immutable;
using Federated.Protocol.Models;

namespace Federated.Client.Sparse;

/// <summary>Makes a <see cref="SparseNetwork"/> of a dense model and folds its batch norms.</summary>
internal static class NetworkBuilder
{
    public static SparseNetwork Build(
        SparseArchitecture architecture,
        ModelSchema schema,
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> statistics,
        IReadOnlyDictionary<string, ReadOnlyMemory<int>>? active)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(schema);
        ImmutableArray<SparseShape> shapes = architecture.Shapes();
        var table = new TensorTable(schema);
        int[] users = CountUsers(architecture);
        int[] places = new int[architecture.Layers.Length];
        var layers = ImmutableArray.CreateBuilder<SparseLayer>();
        var weights = new List<SparseLayerWeights>();
        for (int i = 0; i < architecture.Layers.Length; i++)
        {
            SparseLayer layer = architecture.Layers[i];
            int[] inputs = [.. architecture.InputsOf(i).Select(input => input < 0 ? -1 : places[input])];
            if (layer.Kind == SparseLayerKind.BatchNorm)
            {
                (float[] scale, float[] shift) = Normalisation(layer, shapes[i].Channels, table, parameters, statistics);
                int before = architecture.InputsOf(i)[0];
                if (before >= 0 && users[before] == 1 && weights[inputs[0]].Matrix is { } matrix)
                {
                    weights[inputs[0]] = Fold(matrix, weights[inputs[0]].Shift.Span, scale, shift);
                    places[i] = inputs[0];
                    continue;
                }

                weights.Add(new SparseLayerWeights(null, scale, shift));
            }
            else if (layer.Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear)
            {
                SparseShape input = architecture.InputsOf(i)[0] is >= 0 and var index ? shapes[index] : new SparseShape(architecture.Channels, architecture.Height, architecture.Width);
                weights.Add(Load(layer, ArchitectureShapes.WeightColumns(layer, input), table, parameters, active));
            }
            else
            {
                weights.Add(SparseLayerWeights.None);
            }

            places[i] = layers.Count;
            layers.Add(layer with { Inputs = [.. inputs] });
        }

        return new SparseNetwork(architecture with { Layers = layers.ToImmutable() }, weights);
    }

    /// <summary>How many layers take each layer's output; the last counts one more, the caller.</summary>
    public static int[] CountUsers(SparseArchitecture architecture)
    {
        int[] users = new int[architecture.Layers.Length];
        users[^1] = 1;
        for (int i = 0; i < users.Length; i++)
        {
            foreach (int input in architecture.InputsOf(i).Where(input => input >= 0))
            {
                users[input]++;
            }
        }

        return users;
    }

    /// <summary>The active elements of a layer's weight.</summary>
    public static CsrMatrix Matrix(SparseLayer layer, int columns, ReadOnlySpan<float> dense, IReadOnlyDictionary<string, ReadOnlyMemory<int>>? active)
    {
        if (active is null)
        {
            return CsrMatrix.FromDense(layer.Outputs, columns, dense);
        }

        return active.TryGetValue(layer.Tensor("weight"), out ReadOnlyMemory<int> indices)
            ? CsrMatrix.FromActive(layer.Outputs, columns, dense, indices.Span)
            : CsrMatrix.FromActive(layer.Outputs, columns, dense, [.. Enumerable.Range(0, dense.Length)]);
    }

    private static SparseLayerWeights Load(
        SparseLayer layer,
        int columns,
        TensorTable table,
        ReadOnlySpan<float> parameters,
        IReadOnlyDictionary<string, ReadOnlyMemory<int>>? active)
    {
        ReadOnlySpan<float> dense = parameters[table.Find(layer.Tensor("weight"), TensorPart.Parameter, checked(layer.Outputs * columns))];
        float[] bias = table.Has(layer.Tensor("bias")) ? parameters[table.Find(layer.Tensor("bias"), TensorPart.Parameter, layer.Outputs)].ToArray() : [];
        return new SparseLayerWeights(Matrix(layer, columns, dense, active), default, bias);
    }

    private static (float[] Scale, float[] Shift) Normalisation(
        SparseLayer layer,
        int channels,
        TensorTable table,
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> statistics)
    {
        ReadOnlySpan<float> gamma = parameters[table.Find(layer.Tensor("weight"), TensorPart.Parameter, channels)];
        ReadOnlySpan<float> beta = parameters[table.Find(layer.Tensor("bias"), TensorPart.Parameter, channels)];
        ReadOnlySpan<float> mean = statistics[table.Find(layer.Tensor("running_mean"), TensorPart.Statistic, channels)];
        ReadOnlySpan<float> variance = statistics[table.Find(layer.Tensor("running_var"), TensorPart.Statistic, channels)];
        float[] scale = new float[channels], shift = new float[channels];
        for (int i = 0; i < channels; i++)
        {
            double factor = gamma[i] / Math.Sqrt(variance[i] + layer.Epsilon);
            scale[i] = (float)factor;
            shift[i] = (float)(beta[i] - (mean[i] * factor));
        }

        return (scale, shift);
    }

    private static SparseLayerWeights Fold(CsrMatrix matrix, ReadOnlySpan<float> bias, float[] scale, float[] shift)
    {
        float[] values = matrix.Values.ToArray();
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span;
        for (int row = 0; row < matrix.Rows; row++)
        {
            foreach (ref float value in values.AsSpan(pointers[row]..pointers[row + 1]))
            {
                value *= scale[row];
            }

            shift[row] += bias.IsEmpty ? 0 : bias[row] * scale[row];
        }

        return new SparseLayerWeights(new CsrMatrix(matrix.Rows, matrix.Columns, matrix.RowPointers, matrix.ColumnIndices, values), default, shift);
    }
}
