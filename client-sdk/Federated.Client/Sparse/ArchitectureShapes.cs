using System.Collections.Immutable;

namespace Federated.Client.Sparse;

/// <summary>Finds the shapes of a network and refuses what cannot be run.</summary>
internal static class ArchitectureShapes
{
    public static ImmutableArray<SparseShape> Of(SparseArchitecture architecture)
    {
        if (architecture.Layers.IsDefaultOrEmpty || architecture.Layers.Length > SparseArchitecture.MaxLayers)
        {
            throw new ArgumentException($"A network has 1 to {SparseArchitecture.MaxLayers} layers.");
        }

        var input = new SparseShape(architecture.Channels, architecture.Height, architecture.Width);
        if (!Fits(input.Channels) || !Fits(input.Height) || !Fits(input.Width))
        {
            throw new ArgumentException($"The input {input} has a dimension outside 1 to {SparseArchitecture.MaxDimension}.");
        }

        _ = input.Length;
        var shapes = ImmutableArray.CreateBuilder<SparseShape>(architecture.Layers.Length);
        for (int i = 0; i < architecture.Layers.Length; i++)
        {
            SparseLayer layer = architecture.Layers[i] ?? throw new ArgumentException($"Layer {i} is null.");
            ImmutableArray<int> inputs = architecture.InputsOf(i);
            if (inputs.Length != (layer.Kind == SparseLayerKind.Add ? 2 : 1) || inputs.Any(index => index < -1 || index >= i))
            {
                throw new ArgumentException($"Layer {i} ({layer.Kind} '{layer.Name}') takes the outputs of [{string.Join(", ", inputs)}]; it takes {(layer.Kind == SparseLayerKind.Add ? "two" : "one")}, of earlier layers.");
            }

            SparseShape first = inputs[0] < 0 ? input : shapes[inputs[0]];
            SparseShape second = inputs.Length < 2 ? first : inputs[1] < 0 ? input : shapes[inputs[1]];
            SparseShape shape = Of(layer, first, second) ?? throw new ArgumentException($"Layer {i} ({layer.Kind} '{layer.Name}', kernel {layer.Kernel}, stride {layer.Stride}, padding {layer.Padding}, {layer.Outputs} outputs) cannot take {(inputs.Length < 2 ? $"{first}" : $"{first} and {second}")}.");
            _ = shape.Length;
            shapes.Add(shape);
        }

        return shapes.MoveToImmutable();
    }

    /// <summary>Columns of the layer's weights.</summary>
    public static int WeightColumns(SparseLayer layer, SparseShape input) =>
        layer.Kind == SparseLayerKind.Convolution ? checked(input.Channels * layer.Kernel * layer.Kernel) : input.Channels;

    private static SparseShape? Of(SparseLayer layer, SparseShape input, SparseShape second) => layer.Kind switch
    {
        SparseLayerKind.Convolution when Fits(layer.Outputs) && layer.Padding >= 0 && layer.Padding < layer.Kernel =>
            Windows(layer, input, layer.Padding) is { } image ? image with { Channels = layer.Outputs } : null,
        SparseLayerKind.Linear when Fits(layer.Outputs) && input is { Height: 1, Width: 1 } => new SparseShape(layer.Outputs, 1, 1),
        SparseLayerKind.MaxPool or SparseLayerKind.AveragePool => Windows(layer, input, padding: 0),
        SparseLayerKind.GlobalAveragePool => new SparseShape(input.Channels, 1, 1),
        SparseLayerKind.Flatten => new SparseShape(input.Length, 1, 1),
        SparseLayerKind.Add when input == second => input,
        SparseLayerKind.BatchNorm or SparseLayerKind.Relu => input,
        _ => null,
    };

    private static SparseShape? Windows(SparseLayer layer, SparseShape input, int padding)
    {
        if (!Fits(layer.Kernel) || !Fits(layer.Stride) || input.Height + (2L * padding) < layer.Kernel || input.Width + (2L * padding) < layer.Kernel)
        {
            return null;
        }

        return input with
        {
            Height = ((input.Height + (2 * padding) - layer.Kernel) / layer.Stride) + 1,
            Width = ((input.Width + (2 * padding) - layer.Kernel) / layer.Stride) + 1,
        };
    }

    private static bool Fits(int dimension) => dimension is >= 1 and <= SparseArchitecture.MaxDimension;
}
