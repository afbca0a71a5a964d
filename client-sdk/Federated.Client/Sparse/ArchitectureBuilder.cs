using System.Collections.Immutable;
using Federated.Protocol.Models;

namespace Federated.Client.Sparse;

/// <summary>Appends layers to an architecture and checks each against the shapes of the model's tensors.</summary>
internal sealed class ArchitectureBuilder
{
    private readonly Dictionary<string, ImmutableArray<long>> _tensors;
    private readonly ImmutableArray<SparseLayer>.Builder _layers = ImmutableArray.CreateBuilder<SparseLayer>();
    private readonly List<SparseShape> _shapes = [];
    private readonly SparseShape _input;

    internal ArchitectureBuilder(ModelSchema schema, ReadOnlySpan<int> input, bool image)
    {
        _tensors = schema.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape, StringComparer.Ordinal);
        _input = input switch
        {
            [int channels, int height, int width] => new SparseShape(channels, height, width),
            [int features] when !image => new SparseShape(features, 1, 1),
            _ => throw new ArgumentException(
                $"The input of '{schema.Architecture}' is {(image ? "[channels, height, width]" : "[features] or [channels, height, width]")}, not [{string.Join(',', input.ToArray())}].", nameof(input)),
        };
        foreach (int dimension in input)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1, nameof(input));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(dimension, SparseArchitecture.MaxDimension, nameof(input));
        }
    }

    /// <summary>The layer that was added last; -1 for the network's input.</summary>
    internal int Last => _layers.Count - 1;

    /// <summary>What that layer puts out.</summary>
    internal SparseShape Shape => ShapeOf(Last);

    internal bool Has(string layer) => _tensors.ContainsKey(layer + ".weight");

    /// <param name="name">The layer.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="from">The layer whose output it takes; null for the last.</param>
    internal void Convolution(string name, int stride = 1, int padding = 0, int? from = null)
    {
        SparseShape shape = ShapeOf(from ?? Last);
        ImmutableArray<long> weight = Weight(name, dimensions: 4);
        int kernel = (int)weight[2];
        if (weight[1] != shape.Channels || weight[3] != kernel || shape.Height + (2L * padding) < kernel || shape.Width + (2L * padding) < kernel)
        {
            throw Unfit(name, weight, shape);
        }

        var layer = new SparseLayer { Kind = SparseLayerKind.Convolution, Name = name, Outputs = (int)weight[0], Kernel = kernel, Stride = stride, Padding = padding };
        Append(
            from is { } other ? layer with { Inputs = [other] } : layer,
            new SparseShape(layer.Outputs, Side(shape.Height, kernel, stride, padding), Side(shape.Width, kernel, stride, padding)));
    }

    internal void BatchNorm(string name)
    {
        if (!_tensors.ContainsKey(name + ".running_mean") || !_tensors.ContainsKey(name + ".running_var"))
        {
            throw new ArgumentException($"Layer '{name}' has no 'running_mean' and 'running_var': it is no batch normalisation, and others (norm=group) cannot be exported.");
        }

        ImmutableArray<long> weight = Weight(name, dimensions: 1);
        Append(
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = name },
            weight[0] == Shape.Channels ? Shape : throw Unfit(name, weight, Shape));
    }

    internal void Relu() => Append(new SparseLayer { Kind = SparseLayerKind.Relu }, Shape);

    internal void MaxPool()
    {
        if (Shape.Height < 2 || Shape.Width < 2)
        {
            throw new ArgumentException($"The input {Text(_input)} is too small: {Text(Shape)} is left before a pooling of 2×2.");
        }

        Append(new SparseLayer { Kind = SparseLayerKind.MaxPool, Kernel = 2, Stride = 2 }, Shape with { Height = Shape.Height / 2, Width = Shape.Width / 2 });
    }

    internal void GlobalAverage() => Append(new SparseLayer { Kind = SparseLayerKind.GlobalAveragePool }, new SparseShape(Shape.Channels, 1, 1));

    internal void Flatten()
    {
        if (Shape is not { Height: 1, Width: 1 })
        {
            Append(new SparseLayer { Kind = SparseLayerKind.Flatten }, new SparseShape(Shape.Length, 1, 1));
        }
    }

    internal void Linear(string name)
    {
        ImmutableArray<long> weight = Weight(name, dimensions: 2);
        Append(
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = name, Outputs = (int)weight[0] },
            weight[1] == Shape.Channels ? new SparseShape((int)weight[0], 1, 1) : throw Unfit(name, weight, Shape));
    }

    internal void Add(int first, int second) =>
        Append(
            new SparseLayer { Kind = SparseLayerKind.Add, Inputs = [first, second] },
            ShapeOf(first) == ShapeOf(second) ? ShapeOf(first) : throw new ArgumentException($"{Text(ShapeOf(first))} and {Text(ShapeOf(second))} cannot be added."));

    internal SparseArchitecture Build() =>
        new() { Channels = _input.Channels, Height = _input.Height, Width = _input.Width, Layers = _layers.ToImmutable() };

    private static int Side(int side, int kernel, int stride, int padding) => ((side + (2 * padding) - kernel) / stride) + 1;

    private static string Text(SparseShape shape) => shape is { Height: 1, Width: 1 } ? $"[{shape.Channels}]" : $"[{shape.Channels},{shape.Height},{shape.Width}]";

    private SparseShape ShapeOf(int layer) => layer < 0 ? _input : _shapes[layer];

    private void Append(SparseLayer layer, SparseShape shape)
    {
        _layers.Add(layer);
        _shapes.Add(shape);
    }

    private ImmutableArray<long> Weight(string layer, int dimensions)
    {
        string name = new SparseLayer { Kind = SparseLayerKind.Linear, Name = layer }.Tensor("weight");
        if (!_tensors.TryGetValue(name, out ImmutableArray<long> shape))
        {
            throw new ArgumentException($"The model has no tensor '{name}'.");
        }

        return shape.Length == dimensions && shape.All(dimension => dimension is > 0 and <= SparseArchitecture.MaxDimension)
            ? shape
            : throw new ArgumentException($"Tensor '{name}' has the shape [{string.Join(',', shape)}]; {dimensions} dimensions of 1 to {SparseArchitecture.MaxDimension} are needed.");
    }

    private ArgumentException Unfit(string layer, ImmutableArray<long> weight, SparseShape shape) =>
        new($"The weight of '{layer}' [{string.Join(',', weight)}] does not take {Text(shape)}, which the input {Text(_input)} becomes before it.");
}
