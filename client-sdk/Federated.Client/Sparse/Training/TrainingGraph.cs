using System.Collections.Immutable;
using Federated.Client.Sparse.Inference;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>A network compiled for batches of one size: its operations in order and the memory of all values, which the backward pass reads again.</summary>
internal sealed unsafe class TrainingGraph
{
    private readonly TrainingModel _model;
    private readonly NetworkFusion _fusion;
    private readonly TrainingValue?[] _values;
    private readonly List<TrainingOperation> _operations = [];
    private readonly TrainingValue _input;

    public TrainingGraph(TrainingModel model, int lanes)
    {
        _model = model;
        Lanes = lanes;
        _fusion = new NetworkFusion(model.Architecture);
        _values = new TrainingValue?[model.Shapes.Length];
        _input = new TrainingValue(model.Context, LayoutOf(-1), 0, needsGradient: false);
        for (int i = 0; i < _values.Length; i++)
        {
            if (_fusion.Owner[i] == i)
            {
                Compile(i);
            }
        }
    }

    /// <summary>Examples of a batch.</summary>
    public int Lanes { get; }

    public Activation Input => _input.Value;

    public TrainingValue Output => Value(_values.Length - 1);

    /// <summary>The batch norms, in the architecture's order.</summary>
    public IEnumerable<NormOperation> Norms => _operations.OfType<NormOperation>();

    public void Forward()
    {
        foreach (TrainingOperation operation in _operations)
        {
            operation.Forward();
        }
    }

    public void Backward()
    {
        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            _operations[i].Backward();
        }
    }

    private TrainingValue Value(int layer) => layer < 0 ? _input : _values[_fusion.Owner[layer]]!;

    private void Compile(int index)
    {
        SparseLayer layer = _model.Architecture.Layers[index];
        ImmutableArray<int> inputs = _model.Architecture.InputsOf(index);
        TrainingContext context = _model.Context;
        TrainingValue input = Value(inputs[0]);
        TrainingValue? residual = layer.Kind == SparseLayerKind.Add ? Value(inputs[1]) : _fusion.Residual[index] is { } other ? Value(other) : null;
        var output = new TrainingValue(context, LayoutOf(index), _model.Weights[index]?.GradientHalo ?? 0, needsGradient: true);
        _values[index] = output;
        bool relu = _fusion.Relu[index] || layer.Kind == SparseLayerKind.Relu;
        _operations.Add(layer.Kind switch
        {
            SparseLayerKind.Convolution or SparseLayerKind.Linear =>
                new ConvolutionOperation(context, _model.Weights[index]!, layer, input, output, residual, relu),
            SparseLayerKind.BatchNorm => new NormOperation(context, input, output, residual, relu, _model.Norms[index]!, layer.Epsilon),
            SparseLayerKind.MaxPool or SparseLayerKind.AveragePool =>
                new PoolOperation(context, input, output, layer.Kernel, layer.Kernel, layer.Stride, layer.Kind == SparseLayerKind.MaxPool),
            SparseLayerKind.GlobalAveragePool => new PoolOperation(context, input, output, input.Value.Layout.Height, input.Value.Layout.Width, 1, maximum: false),
            SparseLayerKind.Flatten => new FlattenOperation(context, input, output),
            _ => new ElementwiseOperation(context, input, output, residual, relu),
        });
    }

    private ActivationLayout LayoutOf(int value)
    {
        SparseShape shape = value < 0 ? _model.InputShape : _model.Shapes[value];
        return new ActivationLayout(shape.Channels, shape.Height, shape.Width, _fusion.HaloOf(_model.Architecture, value), Lanes);
    }
}
