using System.Collections.Immutable;
using System.Text.Json;

namespace Federated.Client.Sparse;

/// <summary>
/// A network as a list of layers over one input image; the last layer's output is the scores. It has a JSON form, holds no weights, and names its tensors as the model's schema does.
/// </summary>
public sealed record SparseArchitecture
{
    /// <summary>Most layers of a network.</summary>
    public const int MaxLayers = 4096;

    /// <summary>Largest side of an image, kernel or window, and most channels.</summary>
    public const int MaxDimension = 1 << 20;

    /// <summary>Channels of the input image, or its features where it is 1 × 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Rows of the input image. Default: 1.</summary>
    public int Height { get; init; } = 1;

    /// <summary>Columns of the input image. Default: 1.</summary>
    public int Width { get; init; } = 1;

    /// <summary>The layers, each after those whose outputs it takes.</summary>
    public required ImmutableArray<SparseLayer> Layers { get; init; }

    /// <summary>Reads the JSON form, in which every member is written out; what comes back has been checked.</summary>
    /// <param name="utf8Json">What <see cref="ToJsonBytes"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are no architecture that the runtime can run.</exception>
    public static SparseArchitecture Parse(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            SparseArchitecture architecture = JsonSerializer.Deserialize(utf8Json, SparseJson.Default.SparseArchitecture) ?? throw new InvalidDataException("The architecture is null.");
            architecture.Shapes();
            return architecture;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The architecture cannot be run: {exception.Message}", exception);
        }
    }

    /// <summary>The JSON form.</summary>
    public byte[] ToJsonBytes() => JsonSerializer.SerializeToUtf8Bytes(this, SparseJson.Default.SparseArchitecture);

    /// <summary>The layers whose outputs a layer takes: what it names, or the layer before it.</summary>
    /// <param name="layer">Index of the layer.</param>
    public ImmutableArray<int> InputsOf(int layer) => Layers[layer].Inputs is { IsDefaultOrEmpty: false } inputs ? inputs : [layer - 1];

    /// <summary>The shape that every layer puts out, and with it the check that the network can be run.</summary>
    /// <exception cref="ArgumentException">A layer cannot take what it is given; the message names the layer.</exception>
    /// <exception cref="OverflowException">A shape has more than 2³¹ elements.</exception>
    public ImmutableArray<SparseShape> Shapes() => ArchitectureShapes.Of(this);
}
