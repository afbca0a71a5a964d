using System.Collections.Immutable;
using Federated.Client.Sparse;
using Federated.Numerics;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Sparse;

/// <summary>Small networks with random weights, and their schemas.</summary>
internal static class SparseModels
{
    public static SparseArchitecture Residual(int channels = 3, int side = 8, int width = 6) => new()
    {
        Channels = channels,
        Height = side,
        Width = side,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "stem", Outputs = width, Kernel = 3, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm0" },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv1", Outputs = 2 * width, Kernel = 3, Stride = 2, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm1" },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv2", Outputs = 2 * width, Kernel = 3, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm2" },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "short", Inputs = [2], Outputs = 2 * width, Kernel = 1, Stride = 2 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm3" },
            new SparseLayer { Kind = SparseLayerKind.Add, Inputs = [7, 9] },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.GlobalAveragePool },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 5 },
        ],
    };

    /// <summary>5×5 without padding, both pools, a shortcut around nothing, and a batch norm that nothing can be folded into.</summary>
    public static SparseArchitecture Pooled() => new()
    {
        Channels = 2,
        Height = 14,
        Width = 13,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm" },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv1", Outputs = 7, Kernel = 5 },
            new SparseLayer { Kind = SparseLayerKind.MaxPool, Kernel = 2, Stride = 2 },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv2", Outputs = 7, Kernel = 5, Padding = 2 },
            new SparseLayer { Kind = SparseLayerKind.Add, Inputs = [4, 3] },
            new SparseLayer { Kind = SparseLayerKind.AveragePool, Kernel = 2, Stride = 2 },
            new SparseLayer { Kind = SparseLayerKind.Flatten },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc1", Outputs = 11 },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc2", Outputs = 4 },
        ],
    };

    /// <summary>Features that a padded convolution reads, and an image of one pixel that a linear layer reads.</summary>
    public static SparseArchitecture Flattened() => new()
    {
        Channels = 2,
        Height = 3,
        Width = 5,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.Flatten },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv", Outputs = 9, Kernel = 3, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 4 },
        ],
    };

    public static SparseArchitecture Single(SparseLayer layer, int channels, int height, int width) =>
        new() { Channels = channels, Height = height, Width = width, Layers = [layer] };

    public static ModelSchema SchemaOf(SparseArchitecture architecture, bool bias = true)
    {
        ImmutableArray<SparseShape> shapes = architecture.Shapes();
        var parameters = new List<TensorSpec>();
        var buffers = new List<TensorSpec>();
        for (int i = 0; i < shapes.Length; i++)
        {
            SparseLayer layer = architecture.Layers[i];
            SparseShape input = architecture.InputsOf(i)[0] is >= 0 and var index ? shapes[index] : new SparseShape(architecture.Channels, architecture.Height, architecture.Width);
            if (layer.Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear)
            {
                parameters.Add(new TensorSpec($"{layer.Name}.weight", layer.Kind == SparseLayerKind.Linear ? [layer.Outputs, input.Channels] : [layer.Outputs, input.Channels, layer.Kernel, layer.Kernel]));
                if (bias)
                {
                    parameters.Add(new TensorSpec($"{layer.Name}.bias", [layer.Outputs]));
                }
            }
            else if (layer.Kind == SparseLayerKind.BatchNorm)
            {
                parameters.Add(new TensorSpec($"{layer.Name}.weight", [input.Channels]));
                parameters.Add(new TensorSpec($"{layer.Name}.bias", [input.Channels]));
                buffers.Add(new TensorSpec($"{layer.Name}.running_mean", [input.Channels], TensorPart.Statistic, Trainable: false));
                buffers.Add(new TensorSpec($"{layer.Name}.running_var", [input.Channels], TensorPart.Statistic, Trainable: false));
                buffers.Add(new TensorSpec($"{layer.Name}.num_batches_tracked", [], TensorPart.Count, TensorScope.Local, Trainable: false));
            }
        }

        return new ModelSchema([.. parameters, .. buffers]);
    }

    /// <summary>Normal values; weights of matrices are kept with a probability and otherwise zero.</summary>
    public static ModelContent Random(ModelSchema schema, double density, ulong seed = 1)
    {
        var content = ModelContent.Zeros(schema);
        var random = new CounterRandom(seed, RandomPurpose.Test);
        int at = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            double scale = tensor.Shape.Length < 2 ? 0.3 : 1 / Math.Sqrt(tensor.ElementCount / tensor.Shape[0] * Math.Max(density, 0.05));
            for (int i = 0; i < tensor.ElementCount; i++, at++)
            {
                float value = Normal(ref random, scale);
                content.Parameters[at] = tensor.Shape.Length < 2 ? value + (tensor.Name.StartsWith("norm", StringComparison.Ordinal) ? 1 : 0) : random.NextSingle() < density ? value : 0;
            }
        }

        foreach (ref float value in content.Statistics.AsSpan())
        {
            value = 0.5f + random.NextSingle();
        }

        return content;
    }

    public static float[] Images(int count, int length, ulong seed = 9)
    {
        var random = new CounterRandom(seed, RandomPurpose.Test, 7);
        float[] images = new float[count * length];
        foreach (ref float value in images.AsSpan())
        {
            value = Normal(ref random, 1);
        }

        return images;
    }

    private static float Normal(ref CounterRandom random, double scale) =>
        (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextSingle())) * Math.Cos(2 * Math.PI * random.NextSingle()));
}
