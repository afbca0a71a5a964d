using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Federated.Protocol.Pruning;

namespace Federated.Protocol.Models;

/// <summary>
/// A pruned model as a safetensors file. A prunable layer <c>NAME</c> that is not wholly active stands in it as <c>NAME.indices</c> (int32, ascending row-major indices of
/// its active elements) and <c>NAME.values</c> (float32, in the same order); everything else stands as in <see cref="ModelFile"/>. The metadata entry
/// <c>federated.sparse</c> is a JSON object of the dense shapes by name, for readers that do not know the schema.
/// </summary>
public static class SparseModelFile
{
    /// <summary>The metadata entry that holds the dense shapes of the sparse tensors.</summary>
    public const string ShapesKey = "federated.sparse";

    /// <summary>The most elements of a dense model per element in its sparse file: a small file must not ask for unlimited memory.</summary>
    public const int MaxExpansion = 4096;

    private const string Indices = ".indices", Values = ".values";

    /// <summary>The mask of a pruned model that came without one: the elements of its prunable layers that are not zero.</summary>
    /// <param name="model">The model.</param>
    public static ModelMask NonZeros(ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelMask.Create(model.Schema, model.Schema.MaskEpoch, [.. PrunableLayer.Of(model.Schema).Select(
            layer => Enumerable.Range(0, layer.Count).Where(i => model.Parameters[layer.Start + i] != 0).ToArray())]);
    }

    /// <summary>Writes a pruned model. Elements outside the mask are not written, whatever they hold.</summary>
    /// <param name="model">The model.</param>
    /// <param name="mask">Its mask.</param>
    /// <exception cref="ArgumentException">The mask is of another model.</exception>
    public static byte[] Write(ModelContent model, ModelMask mask)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mask);
        ModelSchema schema = model.Schema;
        if (!mask.Layers.AsSpan().SequenceEqual(PrunableLayer.Of(schema).AsSpan()))
        {
            throw new ArgumentException("The mask is of another model: its prunable layers differ.", nameof(mask));
        }

        Dictionary<string, int> sparse = mask.Layers.Index().Where(layer => mask.CountOf(layer.Index) < layer.Item.Count)
            .ToDictionary(layer => layer.Item.Name, layer => layer.Index, StringComparer.Ordinal);
        using var writer = new SafeTensorsHeaderWriter(
            KeyValuePair.Create(ModelFile.SchemaKey, schema.ToJsonBytes()),
            KeyValuePair.Create(ShapesKey, ShapesOf(mask.Layers.Where(layer => sparse.ContainsKey(layer.Name)))));
        foreach (TensorSpec tensor in ModelFile.PayloadOrder.SelectMany(schema.Of))
        {
            if (sparse.TryGetValue(tensor.Name, out int layer))
            {
                writer.Add(tensor.Name + Indices, SafeTensorsEntry.Int32, [mask.CountOf(layer)]);
                writer.Add(tensor.Name + Values, SafeTensorsEntry.Float32, [mask.CountOf(layer)]);
            }
            else
            {
                writer.Add(tensor.Name, tensor.Part == TensorPart.Count ? SafeTensorsEntry.Int64 : SafeTensorsEntry.Float32, tensor.Shape);
            }
        }

        byte[] header = writer.ToArray();
        byte[] file = new byte[checked(8 + header.Length + (int)writer.PayloadBytes)];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        Span<byte> payload = file.AsSpan(8 + header.Length);
        ReadOnlySpan<float> parameters = model.Parameters;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            ReadOnlySpan<float> values = parameters[..(int)tensor.ElementCount];
            payload = sparse.TryGetValue(tensor.Name, out int layer)
                ? Append(payload, values, mask.Active(layer))
                : ModelFile.Append(payload, MemoryMarshal.AsBytes(values));
            parameters = parameters[values.Length..];
        }

        payload = ModelFile.Append(payload, MemoryMarshal.AsBytes(model.Statistics.AsSpan()));
        ModelFile.Append(payload, MemoryMarshal.AsBytes(model.Counts.AsSpan()));
        return file;
    }

    /// <summary>The mask of a file whose header was checked against the schema.</summary>
    internal static ModelMask MaskOf(SafeTensorsHeader header, ReadOnlySpan<byte> payload, ModelSchema schema)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        int[][] active = new int[layers.Length][];
        for (int l = 0; l < active.Length; l++)
        {
            active[l] = header.Sparse.Contains(layers[l].Name)
                ? CheckedIndices(header, payload, layers[l].Name, layers[l].Count).ToArray()
                : [.. Enumerable.Range(0, layers[l].Count)];
        }

        return ModelMask.Create(schema, schema.MaskEpoch, active);
    }

    /// <summary>Whether the sparse tensors stand in the file as the schema asks; the indices are checked when they are read.</summary>
    internal static void Check(SafeTensorsHeader header, ModelSchema schema)
    {
        Dictionary<string, PrunableLayer> layers = PrunableLayer.Of(schema).ToDictionary(layer => layer.Name, StringComparer.Ordinal);
        foreach (string name in header.Sparse)
        {
            SafeTensorsEntry indices = header.Entry(name + Indices), values = header.Entry(name + Values);
            if (!layers.TryGetValue(name, out PrunableLayer? layer))
            {
                throw new InvalidDataException($"Sparse tensor '{name}' is no prunable layer of the schema.");
            }

            if (indices is not { DType: SafeTensorsEntry.Int32, Shape: [long count] } || values is not { DType: SafeTensorsEntry.Float32, Shape: [long valueCount] }
                || count != valueCount || count > layer.Count)
            {
                throw new InvalidDataException(
                    $"Sparse tensor '{name}' has {indices.DType}[{string.Join(',', indices.Shape)}] indices and {values.DType}[{string.Join(',', values.Shape)}] values; "
                    + $"it needs as many I32 indices as F32 values, at most {layer.Count}.");
            }
        }

        long stored = header.Tensors.Values.Sum(entry => (entry.End - entry.Begin) / 4);
        if (header.Sparse.Count > 0 && schema.ParameterCount > MaxExpansion * (1 + stored))
        {
            throw new InvalidDataException(
                $"The schema has {schema.ParameterCount} parameters and the file {stored} elements; a sparse file holds at least one for every {MaxExpansion}.");
        }
    }

    internal static void Scatter(SafeTensorsHeader header, ReadOnlySpan<byte> payload, string tensor, Span<float> destination)
    {
        ReadOnlySpan<int> indices = CheckedIndices(header, payload, tensor, destination.Length);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(header.Bytes(tensor + Values, payload));
        destination.Clear();
        for (int i = 0; i < indices.Length; i++)
        {
            destination[indices[i]] = values[i];
        }
    }

    private static ReadOnlySpan<int> CheckedIndices(SafeTensorsHeader header, ReadOnlySpan<byte> payload, string tensor, int bound)
    {
        ReadOnlySpan<int> indices = MemoryMarshal.Cast<byte, int>(header.Bytes(tensor + Indices, payload));
        int last = -1;
        foreach (int index in indices)
        {
            if (index <= last || index >= bound)
            {
                throw new InvalidDataException($"Index {index} of sparse tensor '{tensor}' follows {last}; indices ascend and are below {bound}.");
            }

            last = index;
        }

        return indices;
    }

    private static Span<byte> Append(Span<byte> payload, ReadOnlySpan<float> values, ReadOnlySpan<int> indices)
    {
        payload = ModelFile.Append(payload, MemoryMarshal.AsBytes(indices));
        Span<float> kept = MemoryMarshal.Cast<byte, float>(payload)[..indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            kept[i] = values[indices[i]];
        }

        return payload[(4 * indices.Length)..];
    }

    private static byte[] ShapesOf(IEnumerable<PrunableLayer> layers)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach (PrunableLayer layer in layers)
            {
                writer.WriteStartArray(layer.Name);
                foreach (long dimension in layer.Shape)
                {
                    writer.WriteNumberValue(dimension);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
