using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Client.Sparse;
using Federated.Protocol.Models;
using Federated.Protocol.Onnx.Schema;
using Federated.Protocol.Pruning;
using Google.Protobuf;

namespace Federated.Client.Onnx;

/// <summary>Turns layers and their tensors into a graph of ONNX.</summary>
internal sealed class OnnxGraphBuilder(ModelContent model, SparseArchitecture architecture, ModelMask? mask)
{
    private readonly GraphProto _graph = new() { Name = model.Schema.Architecture };
    private readonly ImmutableArray<SparseShape> _shapes = architecture.Shapes();

    internal GraphProto Build()
    {
        _graph.Input.Add(Value(-1));
        for (int i = 0; i < _shapes.Length; i++)
        {
            SparseLayer layer = architecture.Layers[i];
            string[] inputs = [.. architecture.InputsOf(i).Select(ValueName)];
            if (layer.Kind == SparseLayerKind.GlobalAveragePool)
            {
                // The operator keeps height and width as ones.
                string pooled = NodeName(i) + ".pooled";
                Node("GlobalAveragePool", pooled, inputs, pooled);
                Node("Flatten", NodeName(i), [pooled], ValueName(i), Int("axis", 1));
            }
            else
            {
                if (layer.Kind == SparseLayerKind.Linear && !IsFlat(architecture.InputsOf(i)[0]))
                {
                    // Gemm takes rows of features; an image of 1 × 1 pixel holds them in four dimensions.
                    string flat = NodeName(i) + ".flat";
                    Node("Flatten", flat, inputs, flat, Int("axis", 1));
                    inputs = [flat];
                }

                (string operation, AttributeProto[] attributes) = Operation(layer);
                Node(operation, NodeName(i), [.. inputs, .. Tensors(layer)], ValueName(i), attributes);
            }

            (i == _shapes.Length - 1 ? _graph.Output : _graph.ValueInfo).Add(Value(i));
        }

        return _graph;
    }

    private static (string Operation, AttributeProto[] Attributes) Operation(SparseLayer layer) => layer.Kind switch
    {
        SparseLayerKind.Convolution => ("Conv", [Ints("strides", layer.Stride, layer.Stride), Ints("pads", layer.Padding, layer.Padding, layer.Padding, layer.Padding)]),
        SparseLayerKind.BatchNorm => ("BatchNormalization", [new AttributeProto { Name = "epsilon", Type = AttributeProto.Types.AttributeType.Float, F = (float)layer.Epsilon }]),
        SparseLayerKind.Relu => ("Relu", []),
        SparseLayerKind.MaxPool => ("MaxPool", [Ints("kernel_shape", layer.Kernel, layer.Kernel), Ints("strides", layer.Stride, layer.Stride)]),
        SparseLayerKind.AveragePool => ("AveragePool", [Ints("kernel_shape", layer.Kernel, layer.Kernel), Ints("strides", layer.Stride, layer.Stride)]),
        SparseLayerKind.Flatten => ("Flatten", [Int("axis", 1)]),
        SparseLayerKind.Linear => ("Gemm", [Int("transB", 1)]),
        SparseLayerKind.Add => ("Add", []),
        _ => throw new ArgumentException($"A layer of kind {layer.Kind} has no operator in ONNX."),
    };

    private List<string> Tensors(SparseLayer layer)
    {
        ReadOnlySpan<string> roles = layer.Kind switch
        {
            SparseLayerKind.BatchNorm => ["weight", "bias", "running_mean", "running_var"],
            SparseLayerKind.Convolution or SparseLayerKind.Linear => ["weight", "bias"],
            _ => [],
        };
        var present = new List<string>();
        foreach (string role in roles)
        {
            TensorSpec? tensor = model.Schema.Tensors.FirstOrDefault(tensor => tensor.Name == layer.Tensor(role));
            if (tensor is not null)
            {
                Initialise(tensor);
                present.Add(tensor.Name);
            }
            else if (role != "bias" || layer.Kind == SparseLayerKind.BatchNorm)
            {
                throw new ArgumentException($"The model has no tensor '{layer.Tensor(role)}'.");
            }
        }

        return present;
    }

    private void Initialise(TensorSpec tensor)
    {
        ReadOnlySpan<float> values = model.Floats(tensor.Name);
        int layer = mask is null ? -1 : Array.FindIndex([.. mask.Layers], layer => layer.Name == tensor.Name);
        if (layer >= 0 && 3L * mask!.CountOf(layer) < values.Length)
        {
            ReadOnlySpan<int> indices = mask.Active(layer);
            float[] kept = new float[indices.Length];
            long[] wide = new long[indices.Length];
            for (int i = 0; i < indices.Length; i++)
            {
                kept[i] = values[indices[i]];
                wide[i] = indices[i];
            }

            var sparse = new SparseTensorProto
            {
                Values = Tensor(tensor.Name, TensorProto.Types.DataType.Float, [kept.Length], MemoryMarshal.AsBytes(kept.AsSpan())),
                Indices = Tensor(tensor.Name + ".indices", TensorProto.Types.DataType.Int64, [kept.Length], MemoryMarshal.AsBytes(wide.AsSpan())),
            };
            sparse.Dims.AddRange(tensor.Shape);
            _graph.SparseInitializer.Add(sparse);
        }
        else
        {
            _graph.Initializer.Add(Tensor(tensor.Name, TensorProto.Types.DataType.Float, tensor.Shape, MemoryMarshal.AsBytes(values)));
        }
    }

    private string NodeName(int layer) =>
        architecture.Layers[layer].Name is { Length: > 0 } name ? name : $"{architecture.Layers[layer].Kind.ToString().ToLowerInvariant()}{layer}";

    private string ValueName(int layer) =>
        layer < 0 ? OnnxFile.Input : layer == _shapes.Length - 1 ? OnnxFile.Scores : NodeName(layer) + ".out";

    private void Node(string operation, string name, IEnumerable<string> inputs, string output, params ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { OpType = operation, Name = name };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        foreach (AttributeProto attribute in attributes)
        {
            node.Attribute.Add(attribute);
        }

        _graph.Node.Add(node);
    }

    private static TensorProto Tensor(string name, TensorProto.Types.DataType type, IEnumerable<long> shape, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(shape);
        return tensor;
    }

    // A value of 1 × 1 is a row of features: what comes from a pool over the whole image is flattened above.
    private ValueInfoProto Value(int layer)
    {
        SparseShape shape = layer < 0 ? new SparseShape(architecture.Channels, architecture.Height, architecture.Width) : _shapes[layer];
        var dimensions = new TensorShapeProto();
        dimensions.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "batch" });
        ReadOnlySpan<int> lengths = IsFlat(layer) ? [shape.Channels] : [shape.Channels, shape.Height, shape.Width];
        foreach (int length in lengths)
        {
            dimensions.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        }

        return new ValueInfoProto
        {
            Name = ValueName(layer),
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = dimensions } },
        };
    }

    private bool IsFlat(int layer) => layer < 0
        ? architecture is { Height: 1, Width: 1 }
        : architecture.Layers[layer].Kind switch
        {
            SparseLayerKind.Linear or SparseLayerKind.Flatten or SparseLayerKind.GlobalAveragePool => true,
            SparseLayerKind.Convolution or SparseLayerKind.MaxPool or SparseLayerKind.AveragePool => false,
            _ => IsFlat(architecture.InputsOf(layer)[0]),
        };

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, params IEnumerable<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }
}
