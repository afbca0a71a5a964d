using System.Buffers.Binary;
using System.IO.Hashing;

namespace Federated.Aggregation.Accumulators;

/// <summary>
/// The bytes of a partial aggregate, little-endian:
/// <code>
/// offset  size  what
///      0     4  magic "FPAR"
///      4     2  layout version, 2
///      6     2  number of sections s
///      8     8  number of updates, int64
///     16     8  total weight, float64
///     24  32·s  per section: element type (1), denominator (1), zero (6), number of elements (8), updates that carried it (8),
///               their total weight, float64 (8)
///      …        per section its sums: float64, or 16-byte two's complement for an unweighted int64 section
///    end     8  XxHash3 (64 bits, seed 0) of all bytes before
/// </code>
/// </summary>
internal static class PartialFormat
{
    public const ushort Version = 2;

    private const int HeaderBytes = 24;
    private const int SectionBytes = 32;
    private const int ChecksumBytes = 8;
    private const int ChunkBytes = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "FPAR"u8;

    public static long LengthOf(SectionAccumulator[] sections) =>
        HeaderBytes + (sections.Length * SectionBytes) + sections.Sum(section => section.SumLength) + ChecksumBytes;

    public static void Write(Stream destination, SectionAccumulator[] sections, double totalWeight, long count)
    {
        var hash = new XxHash3();
        byte[] header = Header(sections, totalWeight, count);
        hash.Append(header);
        destination.Write(header);
        foreach (SectionAccumulator section in sections)
        {
            for (long offset = 0; offset < section.SumLength;)
            {
                ReadOnlySpan<byte> chunk = section.SumBytes(offset, ChunkBytes);
                hash.Append(chunk);
                destination.Write(chunk);
                offset += chunk.Length;
            }
        }

        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, hash.GetCurrentHashAsUInt64());
        destination.Write(checksum);
    }

    public static (double TotalWeight, long Count) Read(Stream source, SectionAccumulator[] sections)
    {
        byte[] header = new byte[HeaderBytes + (sections.Length * SectionBytes)];
        Fill(source, header);
        long count = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8));
        double totalWeight = BinaryPrimitives.ReadDoubleLittleEndian(header.AsSpan(16));
        if (!header.AsSpan(0, 4).SequenceEqual(Magic))
        {
            throw new InvalidDataException("The bytes are no partial aggregate: they do not begin with FPAR.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(4)) is ushort version && version != Version)
        {
            throw new InvalidDataException($"The partial aggregate has layout version {version}; this build reads {Version}.");
        }

        for (int i = 0; i < sections.Length; i++)
        {
            ReadOnlySpan<byte> entry = header.AsSpan(HeaderBytes + (i * SectionBytes), SectionBytes);
            sections[i].Credit(BinaryPrimitives.ReadInt64LittleEndian(entry[16..]), BinaryPrimitives.ReadDoubleLittleEndian(entry[24..]));
        }

        if (!header.AsSpan().SequenceEqual(Header(sections, totalWeight, count)))
        {
            throw new InvalidDataException($"The partial aggregate is not one of the sections [{string.Join(", ", sections.Select(section => section.Shape))}].");
        }

        var hash = new XxHash3();
        hash.Append(header);
        foreach (SectionAccumulator section in sections)
        {
            for (long offset = 0; offset < section.SumLength;)
            {
                Span<byte> chunk = section.SumBytes(offset, ChunkBytes);
                Fill(source, chunk);
                hash.Append(chunk);
                offset += chunk.Length;
            }
        }

        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        Fill(source, checksum);
        if (BinaryPrimitives.ReadUInt64LittleEndian(checksum) != hash.GetCurrentHashAsUInt64())
        {
            throw new InvalidDataException("The checksum of the partial aggregate does not match: its bytes are damaged.");
        }

        ThrowIfImpossible(totalWeight, count);
        foreach (SectionAccumulator section in sections)
        {
            ThrowIfImpossible(section.TotalWeight, section.Count);
        }

        return (totalWeight, count);
    }

    private static byte[] Header(SectionAccumulator[] sections, double totalWeight, long count)
    {
        byte[] header = new byte[HeaderBytes + (sections.Length * SectionBytes)];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), checked((ushort)sections.Length));
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), count);
        BinaryPrimitives.WriteDoubleLittleEndian(header.AsSpan(16), totalWeight);
        for (int i = 0; i < sections.Length; i++)
        {
            Span<byte> entry = header.AsSpan(HeaderBytes + (i * SectionBytes), SectionBytes);
            entry[0] = (byte)sections[i].Shape.Type;
            entry[1] = (byte)sections[i].Shape.Denominator;
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], sections[i].Shape.Count);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], sections[i].Count);
            BinaryPrimitives.WriteDoubleLittleEndian(entry[24..], sections[i].TotalWeight);
        }

        return header;
    }

    private static void ThrowIfImpossible(double totalWeight, long count)
    {
        if (count < 0 || !double.IsFinite(totalWeight) || totalWeight < 0)
        {
            throw new InvalidDataException($"The partial aggregate claims {count} updates of total weight {totalWeight}.");
        }
    }

    private static void Fill(Stream source, Span<byte> destination)
    {
        if (source.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
        {
            throw new InvalidDataException("The partial aggregate is cut short.");
        }
    }
}
