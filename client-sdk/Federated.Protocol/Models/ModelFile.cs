using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Federated.Protocol.Models;

/// <summary>
/// A model version as a safetensors file: an 8-byte little-endian header length, a JSON header, then the tensors. The
/// tensors stand in the order parameters, statistics, counts, so that each flat vector is one contiguous run of bytes.
/// The schema is the metadata entry <c>federated.schema</c>; a file without it is read as trainable parameters (float32)
/// and counts (int64), in the order of their offsets. A masked model is stored as its packed vector and its mask (<see cref="MaskedFile"/>).
/// </summary>
public static class ModelFile
{
    /// <summary>The metadata entry that holds the schema.</summary>
    public const string SchemaKey = "federated.schema";

    /// <summary>The largest JSON header that is read, in bytes.</summary>
    public const int MaxHeaderBytes = 16 * 1024 * 1024;

    /// <summary>The order of the tensors in a file: each flat vector is one run of bytes.</summary>
    internal static readonly ImmutableArray<TensorPart> PayloadOrder = [TensorPart.Parameter, TensorPart.Statistic, TensorPart.Count];

    /// <summary>The size in bytes of the file that <see cref="Write(ModelContent)"/> makes.</summary>
    /// <param name="schema">The schema of the model.</param>
    public static long SizeOf(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return SizeOf(schema, HeaderOf(schema));
    }

    /// <summary>The size in bytes of the file of a model, which under a mask depends on that.</summary>
    /// <param name="model">The model.</param>
    public static long SizeOf(ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Mask is { } mask ? MaskedFile.SizeOf(model.Schema, mask) : SizeOf(model.Schema);
    }

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    public static byte[] Write(ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Mask is { } mask)
        {
            byte[] masked = new byte[checked((int)MaskedFile.SizeOf(model.Schema, mask))];
            MaskedFile.Write(model, mask, masked);
            return masked;
        }

        byte[] header = HeaderOf(model.Schema);
        byte[] file = new byte[checked((int)SizeOf(model.Schema, header))];
        Write(model, header, file);
        return file;
    }

    /// <summary>Writes a model into memory of the shared pool.</summary>
    /// <param name="model">The model.</param>
    /// <param name="length">The bytes that the file has.</param>
    /// <returns>At least as many bytes; the caller returns the array to <see cref="ArrayPool{T}.Shared"/>.</returns>
    public static byte[] WritePooled(ModelContent model, out int length)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Mask is { } mask)
        {
            length = checked((int)MaskedFile.SizeOf(model.Schema, mask));
            byte[] masked = ArrayPool<byte>.Shared.Rent(length);
            MaskedFile.Write(model, mask, masked.AsSpan(0, length));
            return masked;
        }

        byte[] header = HeaderOf(model.Schema);
        length = checked((int)SizeOf(model.Schema, header));
        byte[] file = ArrayPool<byte>.Shared.Rent(length);
        Write(model, header, file);
        return file;
    }

    /// <summary>Reads a model. A file of <see cref="SparseModelFile"/> gives a model with its mask.</summary>
    /// <param name="file">The whole file.</param>
    /// <exception cref="InvalidDataException">The file is not safetensors, or does not fit its schema; the message names the byte offset or the tensor.</exception>
    public static ModelContent Read(ReadOnlySpan<byte> file) => Read(file, over: null);

    /// <summary>Reads a model into the memory of another one, if that has the same schema.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="over">A model that nobody needs any more, or null.</param>
    /// <returns><paramref name="over"/>, or a model in memory of its own when the schema is another.</returns>
    /// <exception cref="InvalidDataException">The file is not safetensors, or does not fit its schema; the message names the byte offset or the tensor.</exception>
    public static ModelContent Read(ReadOnlySpan<byte> file, ModelContent? over)
    {
        SafeTensorsHeader header = SafeTensorsHeader.Read(file, out ReadOnlySpan<byte> payload);
        if (header.Tensors.ContainsKey(MaskedFile.MaskName))
        {
            return MaskedFile.Read(header, payload, over);
        }

        ModelSchema schema = header.Schema is { } stored ? header.CheckedAgainst(stored) : header.InferSchema();
        ModelContent model = over is { Mask: null } && over.Schema.Hash.SequenceEqual(schema.Hash) ? over : ModelContent.Zeros(schema);
        int parameter = 0, statistic = 0, count = 0;
        foreach (TensorSpec tensor in schema.Tensors)
        {
            switch (tensor.Part)
            {
                case TensorPart.Parameter when header.Sparse.Contains(tensor.Name):
                    SparseModelFile.Scatter(header, payload, tensor.Name, model.Parameters.AsSpan(parameter, (int)tensor.ElementCount));
                    parameter += (int)tensor.ElementCount;
                    break;
                case TensorPart.Parameter:
                    header.Bytes(tensor.Name, payload).CopyTo(MemoryMarshal.AsBytes(model.Parameters.AsSpan(parameter)));
                    parameter += (int)tensor.ElementCount;
                    break;
                case TensorPart.Statistic:
                    header.Bytes(tensor.Name, payload).CopyTo(MemoryMarshal.AsBytes(model.Statistics.AsSpan(statistic)));
                    statistic += (int)tensor.ElementCount;
                    break;
                default:
                    header.Bytes(tensor.Name, payload).CopyTo(MemoryMarshal.AsBytes(model.Counts.AsSpan(count)));
                    count += (int)tensor.ElementCount;
                    break;
            }
        }

        if (header.Sparse.Count > 0)
        {
            model.Use(SparseModelFile.MaskOf(header, payload, schema));
        }

        return model;
    }

    private static long SizeOf(ModelSchema schema, byte[] header) => 8 + header.Length + PayloadBytes(schema);

    private static void Write(ModelContent model, byte[] header, Span<byte> file)
    {
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file[8..]);
        Span<byte> payload = file[(8 + header.Length)..];
        payload = Append(payload, MemoryMarshal.AsBytes(model.Parameters.AsSpan()));
        payload = Append(payload, MemoryMarshal.AsBytes(model.Statistics.AsSpan()));
        Append(payload, MemoryMarshal.AsBytes(model.Counts.AsSpan()));
    }

    private static long PayloadBytes(ModelSchema schema) =>
        (4L * schema.ParameterCount) + (4L * schema.StatisticCount) + (8L * schema.CountCount);

    internal static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> source)
    {
        source.CopyTo(destination);
        return destination[source.Length..];
    }

    private static byte[] HeaderOf(ModelSchema schema)
    {
        using var writer = new SafeTensorsHeaderWriter(KeyValuePair.Create(SchemaKey, schema.ToJsonBytes()));
        foreach (TensorSpec tensor in PayloadOrder.SelectMany(schema.Of))
        {
            writer.Add(tensor.Name, tensor.Part == TensorPart.Count ? SafeTensorsEntry.Int64 : SafeTensorsEntry.Float32, tensor.Shape);
        }

        return writer.ToArray();
    }
}
