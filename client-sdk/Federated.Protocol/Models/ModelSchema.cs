using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Federated.Protocol.Models;

/// <summary>
/// What a model version is made of. The tensors of each <see cref="TensorPart"/>, in schema order, form one flat vector:
/// parameters (float32), statistics (float32) and counts (int64).
/// </summary>
public sealed class ModelSchema
{
    private readonly byte[] _hash;

    /// <summary>Creates a schema.</summary>
    /// <param name="tensors">The tensors in order.</param>
    /// <param name="maskEpoch">Rises whenever the mask of a pruned model changes; 0 for a dense model.</param>
    /// <param name="architecture">The name by which a device builds the module, such as <c>lenet</c>; empty when unknown.</param>
    /// <exception cref="ArgumentException">A name is empty or occurs twice, or a dimension is negative.</exception>
    public ModelSchema(IEnumerable<TensorSpec> tensors, long maskEpoch = 0, string architecture = "")
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentOutOfRangeException.ThrowIfNegative(maskEpoch);
        Tensors = [.. tensors];
        MaskEpoch = maskEpoch;
        Architecture = architecture;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (TensorSpec tensor in Tensors)
        {
            if (string.IsNullOrWhiteSpace(tensor.Name) || !names.Add(tensor.Name))
            {
                throw new ArgumentException($"Tensor name '{tensor.Name}' is empty or occurs twice.", nameof(tensors));
            }

            if (tensor.Shape.IsDefault || tensor.Shape.Any(dimension => dimension < 0))
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' has no shape or a negative dimension.", nameof(tensors));
            }
        }

        ParameterCount = LengthOf(TensorPart.Parameter);
        StatisticCount = LengthOf(TensorPart.Statistic);
        CountCount = LengthOf(TensorPart.Count);
        _hash = SHA256.HashData(ToJsonBytes());
    }

    /// <summary>The tensors in order.</summary>
    public ImmutableArray<TensorSpec> Tensors { get; }

    /// <summary>Version of the mask of a pruned model; 0 for a dense one.</summary>
    public long MaskEpoch { get; }

    /// <summary>The name by which a device builds the module; empty when unknown.</summary>
    public string Architecture { get; }

    /// <summary>Elements of the flat parameter vector.</summary>
    public int ParameterCount { get; }

    /// <summary>Elements of the flat vector of batch-norm statistics.</summary>
    public int StatisticCount { get; }

    /// <summary>Elements of the flat vector of integer buffers.</summary>
    public int CountCount { get; }

    /// <summary>Whether the statistics are aggregated (as opposed to kept on each device).</summary>
    public bool AggregatesStatistics =>
        Tensors.Any(tensor => tensor.Part == TensorPart.Statistic && tensor.Scope == TensorScope.Aggregated);

    /// <summary>SHA-256 of the canonical JSON form, 32 bytes.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>The hash in lower-case hexadecimal.</summary>
    public string HashText => Convert.ToHexStringLower(_hash);

    /// <summary>The tensors of one part, in order.</summary>
    /// <param name="part">The part.</param>
    public IEnumerable<TensorSpec> Of(TensorPart part) => Tensors.Where(tensor => tensor.Part == part);

    /// <summary>The same tensors under another mask.</summary>
    /// <param name="maskEpoch">Version of the mask.</param>
    public ModelSchema WithMaskEpoch(long maskEpoch) => maskEpoch == MaskEpoch ? this : new ModelSchema(Tensors, maskEpoch, Architecture);

    /// <summary>The canonical JSON form: no white space, members in declaration order.</summary>
    public byte[] ToJsonBytes() =>
        JsonSerializer.SerializeToUtf8Bytes(
            new ModelSchemaDocument(1, Architecture, MaskEpoch, [.. Tensors.Select(TensorDocument.From)]),
            ProtocolJson.Compact.ModelSchemaDocument);

    /// <summary>Reads the JSON form.</summary>
    /// <param name="utf8Json">What <see cref="ToJsonBytes"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are not a schema of version 1.</exception>
    public static ModelSchema Parse(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            ModelSchemaDocument? document = JsonSerializer.Deserialize(utf8Json, ProtocolJson.Compact.ModelSchemaDocument);
            if (document is not { Version: 1, Tensors: not null })
            {
                throw new InvalidDataException($"The model schema has version {document?.Version}; this build reads version 1.");
            }

            return new ModelSchema(
                document.Tensors.Select(tensor => tensor.ToSpec()), document.MaskEpoch, document.Architecture ?? "");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The model schema is malformed: {exception.Message}", exception);
        }
    }

    private int LengthOf(TensorPart part)
    {
        long total = 0;
        foreach (TensorSpec tensor in Tensors)
        {
            if (tensor.Part == part)
            {
                total = checked(total + tensor.ElementCount);
            }
        }

        return total <= int.MaxValue
            ? (int)total
            : throw new ArgumentException($"The {part} vector would have {total} elements; at most {int.MaxValue} are supported.");
    }
}
