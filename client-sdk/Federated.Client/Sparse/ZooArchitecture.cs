using System.Collections.Immutable;
using Federated.Protocol.Models;

namespace Federated.Client.Sparse;

/// <summary>
/// The layers of the platform's own models, found from a model's schema without the code of its modules. Dropout is not among them, because it does nothing outside training.
/// </summary>
public static class ZooArchitecture
{
    /// <summary>The architectures that <see cref="Of"/> knows, by their names in a schema; a width behind a colon, as in <c>resnet18:16</c>, is found from the weights.</summary>
    public static ImmutableArray<string> Names { get; } = [LinearModel.Architecture, "mlp", "lenet", "cnn", "cnn-bn", "resnet18", "vgg11"];

    /// <summary>The layers of a model.</summary>
    /// <param name="schema">The model's schema.</param>
    /// <param name="input">Shape of one example: [channels, height, width] for images, [features] otherwise.</param>
    /// <exception cref="ArgumentException">The architecture is unknown, a tensor is missing, or the input does not fit the weights; the message names the tensor and the numbers.</exception>
    public static SparseArchitecture Of(ModelSchema schema, params ReadOnlySpan<int> input)
    {
        ArgumentNullException.ThrowIfNull(schema);
        string family = schema.Architecture.Split(':')[0];
        if (!Names.Contains(family))
        {
            throw new ArgumentException($"The layers of architecture '{schema.Architecture}' are not known; known are {string.Join(", ", Names)}.", nameof(schema));
        }

        var builder = new ArchitectureBuilder(schema, input, image: family is not (LinearModel.Architecture or "mlp"));
        Action<ArchitectureBuilder> describe = family switch
        {
            LinearModel.Architecture => Linear,
            "mlp" => Mlp,
            "lenet" => Lenet,
            "cnn" => Cnn,
            "cnn-bn" => NormalisedCnn,
            "resnet18" => Resnet,
            _ => Vgg,
        };
        describe(builder);
        return builder.Build();
    }

    private static void Linear(ArchitectureBuilder builder)
    {
        builder.Flatten();
        builder.Linear("");
    }

    private static void Mlp(ArchitectureBuilder builder)
    {
        builder.Flatten();
        for (int i = 1; builder.Has($"_layers.hidden{i}"); i++)
        {
            builder.Linear($"_layers.hidden{i}");
            builder.Relu();
        }

        builder.Linear("_layers.output");
    }

    // Images below 20×20 are too small for two unpadded 5×5 convolutions; the model pads theirs.
    private static void Lenet(ArchitectureBuilder builder)
    {
        int padding = Math.Min(builder.Shape.Height, builder.Shape.Width) < 20 ? 2 : 0;
        foreach (string layer in (ReadOnlySpan<string>)["conv1", "conv2"])
        {
            builder.Convolution(layer, padding: padding);
            builder.MaxPool();
            builder.Relu();
        }

        builder.Flatten();
        builder.Linear("fc1");
        builder.Relu();
        builder.Linear("fc2");
        builder.Relu();
        builder.Linear("fc3");
    }

    private static void Cnn(ArchitectureBuilder builder)
    {
        foreach (string layer in (ReadOnlySpan<string>)["conv1", "conv2"])
        {
            builder.Convolution(layer, padding: 2);
            builder.MaxPool();
            builder.Relu();
        }

        builder.Flatten();
        builder.Linear("fc");
    }

    private static void NormalisedCnn(ArchitectureBuilder builder)
    {
        for (int i = 1; i <= 3; i++)
        {
            builder.Convolution($"conv{i}", padding: 1);
            builder.BatchNorm($"norm{i}");
            builder.Relu();
            if (i < 3)
            {
                builder.MaxPool();
            }
        }

        builder.GlobalAverage();
        builder.Linear("fc");
    }

    private static void Resnet(ArchitectureBuilder builder)
    {
        builder.Convolution("conv1", padding: 1);
        builder.BatchNorm("norm1");
        builder.Relu();
        int first = builder.Shape.Channels;
        for (long width = first; width <= 8L * first; width *= 2)
        {
            Residual(builder, $"blocks.stage{width}a.", width == first ? 1 : 2);
            Residual(builder, $"blocks.stage{width}b.", 1);
        }

        builder.GlobalAverage();
        builder.Linear("fc");
    }

    private static void Residual(ArchitectureBuilder builder, string block, int stride)
    {
        int input = builder.Last;
        builder.Convolution(block + "conv1", stride, padding: 1);
        builder.BatchNorm(block + "norm1");
        builder.Relu();
        builder.Convolution(block + "conv2", padding: 1);
        builder.BatchNorm(block + "norm2");
        int branch = builder.Last, shortcut = input;
        if (builder.Has(block + "shortcut.conv"))
        {
            builder.Convolution(block + "shortcut.conv", stride, from: input);
            builder.BatchNorm(block + "shortcut.norm");
            shortcut = builder.Last;
        }

        builder.Add(branch, shortcut);
        builder.Relu();
    }

    private static void Vgg(ArchitectureBuilder builder)
    {
        for (int stage = 1; stage <= 5; stage++)
        {
            foreach (string layer in (ReadOnlySpan<string>)(stage < 3 ? ["a"] : ["a", "b"]))
            {
                builder.Convolution($"layers.conv{stage}{layer}", padding: 1);
                builder.BatchNorm($"layers.norm{stage}{layer}");
                builder.Relu();
            }

            builder.MaxPool();
        }

        builder.GlobalAverage();
        builder.Linear("fc");
    }
}
