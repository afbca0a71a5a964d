using System.Buffers.Binary;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>
/// The bytes of a message between nodes, little-endian:
/// <code>
/// offset  size  what
///      0     4  magic "FXCH"
///      4     2  layout version, 1
///      6     2  kind (<see cref="ExchangeKind"/>)
///      8     4  number of blocks b, at most 65,536
///     12     4  zero
///     16  20·b  per block: section (2), content (2), start of the range (4), rows (4, at most 2^20), columns (4), zero (4)
///      …        per block its elements in row order: float32, or float64 for contents from 32 on
///    end     8  XxHash3 (64 bits, seed 0) of all bytes before
/// </code>
/// </summary>
internal static class ExchangeFormat
{
    public const ushort Version = 1;
    public const int HeaderBytes = 16;
    public const int EntryBytes = 20;
    public const int ChecksumBytes = 8;
    public const int MostBlocks = 65_536;

    /// <summary>Most updates of a round.</summary>
    private const int MostRows = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "FXCH"u8;

    public static byte[] Header(ExchangeKind kind, IReadOnlyList<ExchangeBlock> blocks)
    {
        byte[] header = new byte[HeaderBytes + (blocks.Count * EntryBytes)];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), (ushort)kind);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), blocks.Count);
        for (int i = 0; i < blocks.Count; i++)
        {
            ExchangeShape shape = blocks[i].Shape;
            Span<byte> entry = header.AsSpan(HeaderBytes + (i * EntryBytes), EntryBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, checked((ushort)shape.Section));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)shape.Content);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], shape.From);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], shape.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(entry[12..], shape.Columns);
        }

        return header;
    }

    /// <summary>Reads the fixed part of a header.</summary>
    /// <returns>The number of blocks.</returns>
    /// <exception cref="InvalidDataException">It is not that of a message of the kind.</exception>
    public static int BlocksOf(ReadOnlySpan<byte> header, ExchangeKind kind)
    {
        if (!header[..4].SequenceEqual(Magic))
        {
            throw new InvalidDataException("The bytes are no message between nodes: they do not begin with FXCH.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[4..]) is ushort version && version != Version)
        {
            throw new InvalidDataException($"The message has layout version {version}; this build reads {Version}.");
        }

        if ((ExchangeKind)BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) is ExchangeKind other && other != kind)
        {
            throw new InvalidDataException($"The message is of kind {other}; {kind} is expected.");
        }

        int blocks = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return blocks is >= 0 and <= MostBlocks && BinaryPrimitives.ReadInt32LittleEndian(header[12..]) == 0
            ? blocks
            : throw new InvalidDataException($"The message announces {blocks} blocks, or its reserved bytes are not zero; there are at most {MostBlocks} blocks.");
    }

    /// <summary>Reads the table.</summary>
    /// <exception cref="InvalidDataException">An entry is impossible.</exception>
    public static ExchangeShape[] Shapes(ReadOnlySpan<byte> table)
    {
        var shapes = new ExchangeShape[table.Length / EntryBytes];
        var seen = new HashSet<(int Section, ExchangeContent Content, int From)>();
        for (int i = 0; i < shapes.Length; i++)
        {
            ReadOnlySpan<byte> entry = table.Slice(i * EntryBytes, EntryBytes);
            shapes[i] = new ExchangeShape(
                BinaryPrimitives.ReadUInt16LittleEndian(entry),
                (ExchangeContent)BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]),
                BinaryPrimitives.ReadInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadInt32LittleEndian(entry[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(entry[12..]));
            if (!IsPossible(shapes[i]) || BinaryPrimitives.ReadInt32LittleEndian(entry[16..]) != 0
                || !seen.Add((shapes[i].Section, shapes[i].Content, shapes[i].From)))
            {
                throw new InvalidDataException($"Block {i} of the message is impossible, or there twice: {shapes[i]}.");
            }
        }

        return shapes;
    }

    private static bool IsPossible(ExchangeShape shape) =>
        Enum.IsDefined(shape.Content) && shape is { From: >= 0, Rows: >= 0 and <= MostRows, Columns: >= 0 } && shape.Columns <= int.MaxValue - shape.From
        && (shape.IsSingle || (shape.From == 0 && (long)shape.Rows * shape.Columns <= Array.MaxLength));
}
