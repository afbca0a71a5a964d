using System.Collections.Immutable;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>A network compiled for panels of a fixed number of examples: its operations in order, and the memory between them, which later layers use again.</summary>
internal sealed unsafe class PanelPlan
{
    private readonly SparseNetwork _network;
    private readonly Func<int, PanelProduct> _products;
    private readonly NetworkFusion _fusion;
    private readonly Activation?[] _values;
    private readonly int[] _lastUse;
    private readonly List<Activation> _free = [];
    private readonly List<IInferenceStep> _steps = [];
    private readonly Activation _input;
    private readonly Activation _output;

    /// <summary>Compiles a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="lanes">Examples of a panel.</param>
    /// <param name="products">The product of a linear layer; shared by the plans of all workers.</param>
    public PanelPlan(SparseNetwork network, int lanes, Func<int, PanelProduct> products)
    {
        _network = network;
        _products = products;
        Lanes = lanes;
        _fusion = new NetworkFusion(network.Architecture);
        _values = new Activation?[network.Shapes.Length];
        _lastUse = LastUses();
        _input = new Activation(LayoutOf(-1));
        for (int i = 0; i < _values.Length; i++)
        {
            if (_fusion.Owner[i] == i)
            {
                Compile(i);
                Release(i);
            }
        }

        _output = Value(_values.Length - 1);
    }

    /// <summary>Examples of a panel.</summary>
    public int Lanes { get; }

    /// <summary>Runs some examples, at most <see cref="Lanes"/>.</summary>
    public void Run(ReadOnlySpan<float> images, int count, Span<float> scores)
    {
        PanelPacking.Pack(images, count, _input);
        foreach (IInferenceStep step in _steps)
        {
            step.Run();
        }

        PanelPacking.Unpack(_output, count, scores);
    }

    private Activation Value(int layer) => layer < 0 ? _input : _values[_fusion.Owner[layer]]!;

    private void Compile(int index)
    {
        SparseLayer layer = _network.Architecture.Layers[index];
        ImmutableArray<int> inputs = _network.Architecture.InputsOf(index);
        Activation input = Value(inputs[0]);
        Activation? residual = layer.Kind == SparseLayerKind.Add ? Value(inputs[1]) : _fusion.Residual[index] is { } other ? Value(other) : null;
        Activation output = Take(LayoutOf(index));
        _values[index] = output;
        SparseShape shape = _network.Shapes[index];
        _steps.Add(layer.Kind switch
        {
            _ when ProductStep.Takes(layer, input.Layout, output.Layout) =>
                new ProductStep(_products(index), _network.Weights[index], input, output, residual, _fusion.Relu[index]),
            SparseLayerKind.Convolution or SparseLayerKind.Linear =>
                new ConvolutionStep(_network.Weights[index], new ConvolutionSource(input, layer, shape.Height, shape.Width), output, residual, _fusion.Relu[index]),
            SparseLayerKind.MaxPool or SparseLayerKind.AveragePool =>
                new PoolStep(input, output, layer.Kernel, layer.Kernel, layer.Stride, layer.Kind == SparseLayerKind.MaxPool),
            SparseLayerKind.GlobalAveragePool => new PoolStep(input, output, input.Layout.Height, input.Layout.Width, 1, maximum: false),
            SparseLayerKind.Flatten => new FlattenStep(input, output),
            _ => new ElementwiseStep(_network.Weights[index], input, residual, output, _fusion.Relu[index] || layer.Kind == SparseLayerKind.Relu),
        });
    }

    private ActivationLayout LayoutOf(int value)
    {
        SparseShape shape = value < 0 ? _network.InputShape : _network.Shapes[value];
        return new ActivationLayout(shape.Channels, shape.Height, shape.Width, _fusion.HaloOf(_network.Architecture, value), Lanes);
    }

    private int[] LastUses()
    {
        int[] last = new int[_values.Length];
        for (int i = 0; i < last.Length; i++)
        {
            int operation = _fusion.Owner[i];
            foreach (int input in _network.Architecture.InputsOf(i).Where(input => input >= 0))
            {
                int value = _fusion.Owner[input];
                last[value] = Math.Max(last[value], operation);
            }
        }

        last[_fusion.Owner[^1]] = int.MaxValue;
        return last;
    }

    // A buffer goes on to a value of the same layout, so that its halo stays zero.
    private Activation Take(ActivationLayout layout)
    {
        int index = _free.FindIndex(activation => activation.Layout == layout);
        if (index < 0)
        {
            return new Activation(layout);
        }

        Activation taken = _free[index];
        _free.RemoveAt(index);
        return taken;
    }

    private void Release(int operation)
    {
        for (int value = 0; value <= operation; value++)
        {
            if (_fusion.Owner[value] == value && _lastUse[value] == operation && value != operation && _values[value] is { } activation)
            {
                _free.Add(activation);
            }
        }
    }
}
