using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Federated.Protocol.Pruning;

namespace Federated.Protocol.Models;

/// <summary>
/// The file of a masked model: safetensors as well, with the tensors <c>federated.counts</c> (I64), <c>federated.packed</c> (F32, the packed vector of the mask), <c>federated.statistics</c> (F32)
/// and <c>federated.mask</c> (U8, <see cref="ModelMask.ToBytes"/>) in this order; those without elements are left out. The schema, with the mask's epoch, is in the metadata.
/// </summary>
internal static class MaskedFile
{
    public const string MaskName = "federated.mask";
    private const string CountsName = "federated.counts";
    private const string PackedName = "federated.packed";
    private const string StatisticsName = "federated.statistics";

    public static long SizeOf(ModelSchema schema, ModelMask mask) => 8 + HeaderOf(schema, mask).Length + PayloadBytes(schema, mask);

    public static void Write(ModelContent model, ModelMask mask, Span<byte> file)
    {
        byte[] header = HeaderOf(model.Schema, mask);
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file[8..]);
        Span<byte> payload = file[(8 + header.Length)..];
        payload = ModelFile.Append(payload, MemoryMarshal.AsBytes(model.Counts.AsSpan()));
        mask.Pack(model.Parameters, MemoryMarshal.Cast<byte, float>(payload[..(4 * mask.PackedCount)]));
        payload = ModelFile.Append(payload[(4 * mask.PackedCount)..], MemoryMarshal.AsBytes(model.Statistics.AsSpan()));
        mask.Write(payload);
    }

    /// <exception cref="InvalidDataException">The file does not fit its schema or its mask.</exception>
    public static ModelContent Read(SafeTensorsHeader header, ReadOnlySpan<byte> payload, ModelContent? over)
    {
        ModelSchema schema = header.Schema ?? throw new InvalidDataException("The file of a masked model has no schema.");
        ReadOnlySpan<byte> packed = Bytes(header, payload, PackedName, SafeTensorsEntry.Float32);
        if (packed.Length / 4L * SparseModelFile.MaxExpansion < schema.ParameterCount)
        {
            throw new InvalidDataException($"The file has {packed.Length / 4} of {schema.ParameterCount} parameters; less than one in {SparseModelFile.MaxExpansion} is not read.");
        }

        ModelMask mask = ModelMask.Parse(schema, Bytes(header, payload, MaskName, SafeTensorsEntry.Byte));
        ReadOnlySpan<byte> statistics = Bytes(header, payload, StatisticsName, SafeTensorsEntry.Float32);
        ReadOnlySpan<byte> counts = Bytes(header, payload, CountsName, SafeTensorsEntry.Int64);
        if (mask.Epoch != schema.MaskEpoch || packed.Length != 4L * mask.PackedCount || statistics.Length != 4L * schema.StatisticCount || counts.Length != 8L * schema.CountCount)
        {
            throw new InvalidDataException(
                $"The mask of epoch {mask.Epoch} and the schema of epoch {schema.MaskEpoch} want {mask.PackedCount} parameters, {schema.StatisticCount} statistics and {schema.CountCount} counts; "
                + $"the file has {packed.Length / 4}, {statistics.Length / 4} and {counts.Length / 8}.");
        }

        ModelContent model = over is not null && over.Schema.Hash.SequenceEqual(schema.Hash) ? over : ModelContent.Zeros(schema);
        mask.Unpack(MemoryMarshal.Cast<byte, float>(packed), model.Parameters);
        MemoryMarshal.Cast<byte, float>(statistics).CopyTo(model.Statistics);
        MemoryMarshal.Cast<byte, long>(counts).CopyTo(model.Counts);
        model.Use(mask);
        return model;
    }

    private static ReadOnlySpan<byte> Bytes(SafeTensorsHeader header, ReadOnlySpan<byte> payload, string name, string dtype) =>
        !header.Tensors.TryGetValue(name, out SafeTensorsEntry? entry) ? []
        : entry.DType == dtype ? header.Bytes(name, payload)
        : throw new InvalidDataException($"Tensor '{name}' has dtype '{entry.DType}'; it must be {dtype}.");

    private static long PayloadBytes(ModelSchema schema, ModelMask mask) =>
        (8L * schema.CountCount) + (4L * mask.PackedCount) + (4L * schema.StatisticCount) + mask.ByteLength;

    private static byte[] HeaderOf(ModelSchema schema, ModelMask mask)
    {
        using var writer = new SafeTensorsHeaderWriter(KeyValuePair.Create(ModelFile.SchemaKey, schema.ToJsonBytes()));
        Add(writer, CountsName, SafeTensorsEntry.Int64, schema.CountCount);
        Add(writer, PackedName, SafeTensorsEntry.Float32, mask.PackedCount);
        Add(writer, StatisticsName, SafeTensorsEntry.Float32, schema.StatisticCount);
        Add(writer, MaskName, SafeTensorsEntry.Byte, mask.ByteLength);
        return writer.ToArray();
    }

    private static void Add(SafeTensorsHeaderWriter writer, string name, string dtype, int count)
    {
        if (count > 0)
        {
            writer.Add(name, dtype, [count]);
        }
    }
}
