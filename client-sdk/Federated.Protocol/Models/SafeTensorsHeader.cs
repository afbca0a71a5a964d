using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace Federated.Protocol.Models;

/// <summary>The JSON header of a safetensors file, checked: offsets inside the payload, lengths that fit shapes and dtypes.</summary>
internal sealed class SafeTensorsHeader
{
    private SafeTensorsHeader(IReadOnlyDictionary<string, SafeTensorsEntry> tensors, ModelSchema? schema, IReadOnlySet<string> sparse)
    {
        Tensors = tensors;
        Schema = schema;
        Sparse = sparse;
    }

    internal IReadOnlyDictionary<string, SafeTensorsEntry> Tensors { get; }

    internal ModelSchema? Schema { get; }

    /// <summary>Parameters of the schema that stand in the file as indices and values.</summary>
    internal IReadOnlySet<string> Sparse { get; }

    /// <summary>The header at the start of a file.</summary>
    internal static SafeTensorsHeader Read(ReadOnlySpan<byte> file, out ReadOnlySpan<byte> payload)
    {
        if (file.Length < 8)
        {
            throw new InvalidDataException($"Not a safetensors file: {file.Length} bytes, at least 8 are needed.");
        }

        long headerLength = BinaryPrimitives.ReadInt64LittleEndian(file);
        if (headerLength < 2 || headerLength > Math.Min(ModelFile.MaxHeaderBytes, file.Length - 8L))
        {
            throw new InvalidDataException(
                $"Not a safetensors file: header length {headerLength} at byte 0, the file has {file.Length} bytes and headers end at {ModelFile.MaxHeaderBytes}.");
        }

        payload = file[(8 + (int)headerLength)..];
        return Parse(file.Slice(8, (int)headerLength), payload.Length);
    }

    /// <summary>The bytes of a tensor of the file.</summary>
    internal ReadOnlySpan<byte> Bytes(string tensor, ReadOnlySpan<byte> payload) => payload[(int)Tensors[tensor].Begin..(int)Tensors[tensor].End];

    internal static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long payloadLength)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            var tensors = new Dictionary<string, SafeTensorsEntry>(StringComparer.Ordinal);
            ModelSchema? schema = null;
            var sparse = new HashSet<string>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals("__metadata__"u8))
                {
                    schema = property.Value.TryGetProperty(ModelFile.SchemaKey, out JsonElement text)
                        ? ModelSchema.Parse(System.Text.Encoding.UTF8.GetBytes(text.GetString() ?? ""))
                        : null;
                    if (property.Value.TryGetProperty(SparseModelFile.ShapesKey, out JsonElement shapes))
                    {
                        using JsonDocument named = JsonDocument.Parse(shapes.GetString() ?? "");
                        sparse.UnionWith(named.RootElement.EnumerateObject().Select(tensor => tensor.Name));
                    }
                }
                else if (!tensors.TryAdd(property.Name, ParseEntry(property, payloadLength)))
                {
                    throw new InvalidDataException($"Tensor '{property.Name}' occurs twice in the safetensors header.");
                }
            }

            return sparse.Count == 0 || schema is not null
                ? new SafeTensorsHeader(tensors, schema, sparse)
                : throw new InvalidDataException($"The metadata has '{SparseModelFile.ShapesKey}' and no '{ModelFile.SchemaKey}'; sparse tensors are read by their schema.");
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
            if (Sparse.Contains(tensor.Name))
            {
                continue;
            }

            SafeTensorsEntry entry = Entry(tensor.Name);
            if (!entry.Shape.AsSpan().SequenceEqual(tensor.Shape.AsSpan())
                || entry.DType != (tensor.Part == TensorPart.Count ? SafeTensorsEntry.Int64 : SafeTensorsEntry.Float32))
            {
                throw new InvalidDataException(
                    $"Tensor '{tensor.Name}' is {entry.DType}[{string.Join(',', entry.Shape)}] in the file, {tensor.Part}[{string.Join(',', tensor.Shape)}] in the schema.");
            }
        }

        SparseModelFile.Check(this, schema);
        return Tensors.Count == schema.Tensors.Length + Sparse.Count
            ? schema
            : throw new InvalidDataException($"The file has {Tensors.Count} tensors, its schema {schema.Tensors.Length}, of which {Sparse.Count} are sparse.");
    }

    /// <summary>A tensor that the schema asks for.</summary>
    internal SafeTensorsEntry Entry(string name) =>
        Tensors.TryGetValue(name, out SafeTensorsEntry? entry)
            ? entry
            : throw new InvalidDataException($"Tensor '{name}' of the schema is missing from the file.");

    internal ModelSchema InferSchema() =>
        new(Tensors.Values.OrderBy(entry => entry.Begin).Select(entry => new TensorSpec(
            entry.Name, entry.Shape, PartOf(entry), Trainable: PartOf(entry) == TensorPart.Parameter)));

    private static TensorPart PartOf(SafeTensorsEntry entry) => entry.DType switch
    {
        SafeTensorsEntry.Int64 => TensorPart.Count,
        SafeTensorsEntry.Float32 => TensorPart.Parameter,
        _ => throw new InvalidDataException($"Tensor '{entry.Name}' has dtype '{entry.DType}'; parameters are F32 and counts I64."),
    };

    private static SafeTensorsEntry ParseEntry(JsonProperty property, long payloadLength)
    {
        string dtype = property.Value.GetProperty("dtype"u8).GetString() ?? "";
        int width = SafeTensorsEntry.WidthOf(dtype);
        if (width == 0)
        {
            throw new InvalidDataException($"Tensor '{property.Name}' has dtype '{dtype}'; F32, I32 and I64 are supported.");
        }

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
