using System.Collections.Immutable;
using Federated.Client.Sparse;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Models;

/// <summary>
/// A pruned network for inference with libtorch's dense kernels, on the CPU or an edge GPU. Dense kernels compute zeros like anything else: they become faster by
/// <see cref="SparseNetwork.WithoutDeadChannels"/>, not by single weights that are missing.
/// </summary>
public sealed class DenseNetwork : nn.Module<Tensor, Tensor>
{
    private readonly SparseArchitecture _architecture;
    private readonly Parts[] _parts;

    /// <summary>Copies the weights of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="device">Where it runs; null for the CPU.</param>
    public DenseNetwork(SparseNetwork network, Device? device = null)
        : base(nameof(DenseNetwork))
    {
        ArgumentNullException.ThrowIfNull(network);
        _architecture = network.Architecture;
        _parts = [.. network.Weights.Select((weights, layer) => Copy(weights, _architecture.Layers[layer], device ?? CPU))];
    }

    /// <summary>Scores of a batch.</summary>
    /// <param name="input">Float32 of shape (batch, channels, height, width), or (batch, features) where the image is 1 × 1; on the network's device.</param>
    /// <returns>(batch, scores).</returns>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = NewDisposeScope();
        Tensor image = input.view(-1, _architecture.Channels, _architecture.Height, _architecture.Width);
        Tensor[] outputs = new Tensor[_parts.Length];
        for (int i = 0; i < _parts.Length; i++)
        {
            ImmutableArray<int> inputs = _architecture.InputsOf(i);
            Tensor first = inputs[0] < 0 ? image : outputs[inputs[0]];
            outputs[i] = _architecture.Layers[i].Kind == SparseLayerKind.Add
                ? first + (inputs[1] < 0 ? image : outputs[inputs[1]])
                : Run(_architecture.Layers[i], _parts[i], first);
        }

        return outputs[^1].flatten(1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Parts parts in _parts)
            {
                parts.Weight?.Dispose();
                parts.Scale?.Dispose();
                parts.Shift?.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private static Tensor Run(SparseLayer layer, Parts parts, Tensor input) => layer.Kind switch
    {
        SparseLayerKind.Convolution => nn.functional.conv2d(input, parts.Weight!, parts.Shift, [layer.Stride, layer.Stride], [layer.Padding, layer.Padding]),
        SparseLayerKind.Linear => nn.functional.linear(input.flatten(1), parts.Weight!, parts.Shift).unsqueeze(2).unsqueeze(3),
        SparseLayerKind.BatchNorm => (input * parts.Scale!) + parts.Shift!,
        SparseLayerKind.Relu => nn.functional.relu(input),
        SparseLayerKind.MaxPool => nn.functional.max_pool2d(input, layer.Kernel, layer.Stride),
        SparseLayerKind.AveragePool => nn.functional.avg_pool2d(input, layer.Kernel, layer.Stride),
        SparseLayerKind.GlobalAveragePool => input.mean([2, 3], keepdim: true),
        _ => input.flatten(1).unsqueeze(2).unsqueeze(3),
    };

    private static Parts Copy(SparseLayerWeights weights, SparseLayer layer, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? Place(ReadOnlyMemory<float> values, params long[] shape) =>
            values.IsEmpty ? null : tensor(values.ToArray()).view(shape).to(device).DetachFromDisposeScope();
        return layer.Kind switch
        {
            SparseLayerKind.Convolution => new Parts(Place(Dense(weights.Matrix!), layer.Outputs, -1, layer.Kernel, layer.Kernel), null, Place(weights.Shift, -1)),
            SparseLayerKind.Linear => new Parts(Place(Dense(weights.Matrix!), layer.Outputs, -1), null, Place(weights.Shift, -1)),
            _ => new Parts(null, Place(weights.Scale, 1, -1, 1, 1), Place(weights.Shift, 1, -1, 1, 1)),
        };
    }

    private static float[] Dense(CsrMatrix matrix)
    {
        float[] dense = new float[checked(matrix.Rows * matrix.Columns)];
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span, columns = matrix.ColumnIndices.Span;
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int k = pointers[row]; k < pointers[row + 1]; k++)
            {
                dense[(row * matrix.Columns) + columns[k]] = matrix.Values.Span[k];
            }
        }

        return dense;
    }

    private sealed record Parts(Tensor? Weight, Tensor? Scale, Tensor? Shift);
}
