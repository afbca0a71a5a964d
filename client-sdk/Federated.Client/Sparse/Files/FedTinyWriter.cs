using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Federated.Client.Sparse.Files;

/// <summary>Writes a network section by section; nothing is held but the table.</summary>
internal static class FedTinyWriter
{
    public static void Write(Stream stream, SparseNetwork network, ReadOnlySpan<byte> schemaHash, long maskEpoch)
    {
        int layers = network.Weights.Length;
        byte[] table = new byte[FedTinyLayout.HeaderBytes + (layers * FedTinyLayout.RecordBytes)];
        long end = table.Length;
        var sections = new FedTinySections[layers];
        for (int i = 0; i < layers; i++)
        {
            FedTinyRecord record = FedTinyRecord.Of(network, i);
            sections[i] = record.Place(ref end);
            record.Write(sections[i], Checksum(network.Weights[i]), table.AsSpan(FedTinyLayout.HeaderBytes + (i * FedTinyLayout.RecordBytes)));
        }

        if (end > int.MaxValue)
        {
            throw new ArgumentException($"The network would take {end} bytes; a file ends at {int.MaxValue}.", nameof(network));
        }

        WriteHeader(table, network, schemaHash, maskEpoch, end);
        stream.Write(table);
        long position = table.Length;
        for (int i = 0; i < layers; i++)
        {
            SparseLayerWeights weights = network.Weights[i];
            if (weights.Matrix is { } matrix)
            {
                Append(stream, MemoryMarshal.AsBytes(matrix.RowPointers.Span), sections[i].Pointers, ref position);
                Append(stream, MemoryMarshal.AsBytes(matrix.ColumnIndices.Span), sections[i].Columns, ref position);
                Append(stream, MemoryMarshal.AsBytes(matrix.Values.Span), sections[i].Values, ref position);
            }

            Append(stream, MemoryMarshal.AsBytes(weights.Scale.Span), sections[i].Scales, ref position);
            Append(stream, MemoryMarshal.AsBytes(weights.Shift.Span), sections[i].Shifts, ref position);
        }
    }

    private static void WriteHeader(Span<byte> table, SparseNetwork network, ReadOnlySpan<byte> schemaHash, long maskEpoch, long fileBytes)
    {
        FedTinyLayout.Magic.CopyTo(table);
        BinaryPrimitives.WriteInt32LittleEndian(table[8..], FedTinyLayout.Version);
        BinaryPrimitives.WriteInt32LittleEndian(table[12..], network.Weights.Length);
        BinaryPrimitives.WriteInt32LittleEndian(table[16..], network.Architecture.Channels);
        BinaryPrimitives.WriteInt32LittleEndian(table[20..], network.Architecture.Height);
        BinaryPrimitives.WriteInt32LittleEndian(table[24..], network.Architecture.Width);
        BinaryPrimitives.WriteInt32LittleEndian(table[28..], network.OutputLength);
        BinaryPrimitives.WriteInt64LittleEndian(table[32..], fileBytes);
        BinaryPrimitives.WriteInt64LittleEndian(table[40..], maskEpoch);
        schemaHash.CopyTo(table.Slice(48, 32));
        BinaryPrimitives.WriteUInt64LittleEndian(table[88..], FedTinyTable.Checksum(table));
    }

    private static ulong Checksum(SparseLayerWeights weights)
    {
        var hash = new XxHash3();
        if (weights.Matrix is { } matrix)
        {
            hash.Append(MemoryMarshal.AsBytes(matrix.RowPointers.Span));
            hash.Append(MemoryMarshal.AsBytes(matrix.ColumnIndices.Span));
            hash.Append(MemoryMarshal.AsBytes(matrix.Values.Span));
        }

        hash.Append(MemoryMarshal.AsBytes(weights.Scale.Span));
        hash.Append(MemoryMarshal.AsBytes(weights.Shift.Span));
        return hash.GetCurrentHashAsUInt64();
    }

    private static void Append(Stream stream, ReadOnlySpan<byte> section, long start, ref long position)
    {
        if (!section.IsEmpty)
        {
            ReadOnlySpan<byte> zeros = stackalloc byte[FedTinyLayout.Alignment];
            stream.Write(zeros[..(int)(start - position)]);
            stream.Write(section);
            position = start + section.Length;
        }
    }
}
