using System.Collections.Immutable;
using System.Text.Json;

namespace Federated.Protocol.Models;

/// <summary>The JSON header of a safetensors file, checked: offsets inside the payload, lengths that fit shapes and dtypes.</summary>
internal sealed class SafeTensorsHeader
{
    private SafeTensorsHeader(IReadOnlyDictionary<string, SafeTensorsEntry> tensors, ModelSchema? schema)
    {
        Tensors = tensors;
        Schema = schema;
    }

    internal IReadOnlyDictionary<string, SafeTensorsEntry> Tensors { get; }

    internal ModelSchema? Schema { get; }

    internal static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long payloadLength)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            var tensors = new Dictionary<string, SafeTensorsEntry>(StringComparer.Ordinal);
            ModelSchema? schema = null;
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals("__metadata__"u8))
                {
                    schema = property.Value.TryGetProperty(ModelFile.SchemaKey, out JsonElement text)
                        ? ModelSchema.Parse(System.Text.Encoding.UTF8.GetBytes(text.GetString() ?? ""))
                        : null;
                }
                else if (!tensors.TryAdd(property.Name, ParseEntry(property, payloadLength)))
                {
                    throw new InvalidDataException($"Tensor '{property.Name}' occurs twice in the safetensors header.");
                }
            }

            return new SafeTensorsHeader(tensors, schema);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"The safetensors header is malformed: {exception.Message}", exception);
        }
    }

    internal ModelSchema CheckedAgainst(ModelSchema schema)
    {
        foreach (TensorSpec tensor in schema.Tensors)
        {
            if (!Tensors.TryGetValue(tensor.Name, out SafeTensorsEntry? entry))
            {
                throw new InvalidDataException($"Tensor '{tensor.Name}' of the schema is missing from the file.");
            }

            if (!entry.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan()) || PartOf(entry) == TensorPart.Count != (tensor.Part == TensorPart.Count))
            {
                throw new InvalidDataException(
                    $"Tensor '{tensor.Name}' is {entry.DType}[{string.Join(',', entry.Shape)}] in the file, {tensor.Part}[{string.Join(',', tensor.Shape)}] in the schema.");
            }
        }

        return Tensors.Count == schema.Tensors.Length
            ? schema
            : throw new InvalidDataException($"The file has {Tensors.Count} tensors, its schema {schema.Tensors.Length}.");
    }

    internal ModelSchema InferSchema() =>
        new(Tensors.Values.OrderBy(entry => entry.Begin).Select(entry => new TensorSpec(
            entry.Name, entry.Shape, PartOf(entry), Trainable: PartOf(entry) == TensorPart.Parameter)));

    private static TensorPart PartOf(SafeTensorsEntry entry) => entry.DType == "I64" ? TensorPart.Count : TensorPart.Parameter;

    private static SafeTensorsEntry ParseEntry(JsonProperty property, long payloadLength)
    {
        string dtype = property.Value.GetProperty("dtype"u8).GetString() ?? "";
        int width = dtype switch
        {
            "F32" => 4,
            "I64" => 8,
            _ => throw new InvalidDataException($"Tensor '{property.Name}' has dtype '{dtype}'; F32 and I64 are supported."),
        };
        ImmutableArray<long> shape = [.. property.Value.GetProperty("shape"u8).EnumerateArray().Select(value => value.GetInt64())];
        long[] offsets = [.. property.Value.GetProperty("data_offsets"u8).EnumerateArray().Select(value => value.GetInt64())];
        long bytes = width;
        foreach (long dimension in shape)
        {
            if (dimension < 0 || (dimension > 0 && bytes > payloadLength / dimension))
            {
                throw new InvalidDataException($"Tensor '{property.Name}' has the shape [{string.Join(',', shape)}], more than the file holds.");
            }

            bytes *= dimension;
        }

        if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] > payloadLength || offsets[1] - offsets[0] != bytes)
        {
            throw new InvalidDataException(
                $"Tensor '{property.Name}' needs {bytes} bytes; its offsets are [{string.Join(',', offsets)}] of {payloadLength}.");
        }

        return new SafeTensorsEntry(property.Name, dtype, shape, offsets[0], offsets[1]);
    }
}
