using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Federated.Protocol.Models;

/// <summary>
/// A model version as a safetensors file: an 8-byte little-endian header length, a JSON header, then the tensors. The
/// tensors stand in the order parameters, statistics, counts, so that each flat vector is one contiguous run of bytes.
/// The schema is the metadata entry <c>federated.schema</c>; a file without it is read as trainable parameters (float32)
/// and counts (int64), in the order of their offsets.
/// </summary>
public static class ModelFile
{
    /// <summary>The metadata entry that holds the schema.</summary>
    public const string SchemaKey = "federated.schema";

    /// <summary>The largest JSON header that is read, in bytes.</summary>
    public const int MaxHeaderBytes = 16 * 1024 * 1024;

    /// <summary>The size in bytes of the file that <see cref="Write(ModelContent)"/> makes.</summary>
    /// <param name="schema">The schema of the model.</param>
    public static long SizeOf(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return SizeOf(schema, HeaderOf(schema));
    }

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    public static byte[] Write(ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
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
        byte[] header = HeaderOf(model.Schema);
        length = checked((int)SizeOf(model.Schema, header));
        byte[] file = ArrayPool<byte>.Shared.Rent(length);
        Write(model, header, file);
        return file;
    }

    /// <summary>Reads a model.</summary>
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
        if (file.Length < 8)
        {
            throw new InvalidDataException($"Not a safetensors file: {file.Length} bytes, at least 8 are needed.");
        }

        long headerLength = BinaryPrimitives.ReadInt64LittleEndian(file);
        if (headerLength < 2 || headerLength > Math.Min(MaxHeaderBytes, file.Length - 8L))
        {
            throw new InvalidDataException(
                $"Not a safetensors file: header length {headerLength} at byte 0, the file has {file.Length} bytes and headers end at {MaxHeaderBytes}.");
        }

        ReadOnlySpan<byte> payload = file[(8 + (int)headerLength)..];
        SafeTensorsHeader header = SafeTensorsHeader.Parse(file.Slice(8, (int)headerLength), payload.Length);
        ModelSchema schema = header.Schema is { } stored ? header.CheckedAgainst(stored) : header.InferSchema();
        ModelContent model = over is not null && over.Schema.Hash.SequenceEqual(schema.Hash) ? over : ModelContent.Zeros(schema);
        int parameter = 0, statistic = 0, count = 0;
        foreach (TensorSpec tensor in schema.Tensors)
        {
            SafeTensorsEntry entry = header.Tensors[tensor.Name];
            ReadOnlySpan<byte> bytes = payload[(int)entry.Begin..(int)entry.End];
            switch (tensor.Part)
            {
                case TensorPart.Parameter:
                    bytes.CopyTo(MemoryMarshal.AsBytes(model.Parameters.AsSpan(parameter)));
                    parameter += (int)tensor.ElementCount;
                    break;
                case TensorPart.Statistic:
                    bytes.CopyTo(MemoryMarshal.AsBytes(model.Statistics.AsSpan(statistic)));
                    statistic += (int)tensor.ElementCount;
                    break;
                default:
                    bytes.CopyTo(MemoryMarshal.AsBytes(model.Counts.AsSpan(count)));
                    count += (int)tensor.ElementCount;
                    break;
            }
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

    private static Span<byte> Append(Span<byte> destination, ReadOnlySpan<byte> source)
    {
        source.CopyTo(destination);
        return destination[source.Length..];
    }

    private static byte[] HeaderOf(ModelSchema schema)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString(SchemaKey, schema.ToJsonBytes());
            writer.WriteEndObject();
            long offset = 0;
            ImmutableArray<TensorPart> order = [TensorPart.Parameter, TensorPart.Statistic, TensorPart.Count];
            foreach (TensorSpec tensor in order.SelectMany(schema.Of))
            {
                long end = offset + (tensor.ElementCount * (tensor.Part == TensorPart.Count ? 8 : 4));
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype"u8, tensor.Part == TensorPart.Count ? "I64"u8 : "F32"u8);
                writer.WriteStartArray("shape"u8);
                foreach (long dimension in tensor.Shape)
                {
                    writer.WriteNumberValue(dimension);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets"u8);
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(end);
                writer.WriteEndArray();
                writer.WriteEndObject();
                offset = end;
            }

            writer.WriteEndObject();
        }

        // Padding with spaces aligns the tensors to 8 bytes in the file, as the format recommends.
        while (stream.Length % 8 != 0)
        {
            stream.WriteByte((byte)' ');
        }

        return stream.ToArray();
    }
}
