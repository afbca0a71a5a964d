using System.Buffers.Binary;

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

    public const int ChecksumBytes = 8;

    private const int HeaderBytes = 24;
    private const int SectionBytes = 32;

    private static ReadOnlySpan<byte> Magic => "FPAR"u8;

    public static int HeaderLength(SectionAccumulator[] sections) => HeaderBytes + (sections.Length * SectionBytes);

    public static long LengthOf(SectionAccumulator[] sections) =>
        HeaderLength(sections) + sections.Sum(section => section.SumLength) + ChecksumBytes;

    /// <summary>The sums from a byte offset over all sections on: at least one byte, at most <paramref name="most"/>, of one section.</summary>
    public static Span<byte> SumsAt(SectionAccumulator[] sections, long offset, int most)
    {
        foreach (SectionAccumulator section in sections)
        {
            if (offset < section.SumLength)
            {
                return section.SumBytes(offset, most);
            }

            offset -= section.SumLength;
        }

        throw new ArgumentOutOfRangeException(nameof(offset), offset, "The sums end before this offset.");
    }

    /// <summary>Looks at a whole header before any sum is read.</summary>
    /// <exception cref="InvalidDataException">The header is not that of a partial of these sections.</exception>
    public static void Check(ReadOnlySpan<byte> header, SectionAccumulator[] sections)
    {
        if (!header[..4].SequenceEqual(Magic))
        {
            throw new InvalidDataException("The bytes are no partial aggregate: they do not begin with FPAR.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(header[4..]) is ushort version && version != Version)
        {
            throw new InvalidDataException($"The partial aggregate has layout version {version}; this build reads {Version}.");
        }

        // A header of the same sections differs in nothing but who is in the sums.
        byte[] same = Header(sections, 0, 0);
        header[8..HeaderBytes].CopyTo(same.AsSpan(8));
        for (int i = 0; i < sections.Length; i++)
        {
            Range carriers = (HeaderBytes + (i * SectionBytes) + 16)..(HeaderBytes + ((i + 1) * SectionBytes));
            header[carriers].CopyTo(same.AsSpan(carriers));
        }

        if (!header.SequenceEqual(same))
        {
            throw new InvalidDataException($"The partial aggregate is not one of the sections [{string.Join(", ", sections.Select(section => section.Shape))}].");
        }
    }

    /// <summary>Credits empty sections with the updates that a header says are in the sums.</summary>
    /// <returns>Those in all of them together.</returns>
    /// <exception cref="InvalidDataException">A number is impossible.</exception>
    public static (double TotalWeight, long Count) Credit(ReadOnlySpan<byte> header, SectionAccumulator[] sections)
    {
        for (int i = 0; i < sections.Length; i++)
        {
            (double weight, long carriers) = Totals(header[(HeaderBytes + (i * SectionBytes) + 16)..]);
            sections[i].Credit(carriers, weight);
        }

        return Totals(header[8..]);
    }

    public static byte[] Header(SectionAccumulator[] sections, double totalWeight, long count)
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

    private static (double TotalWeight, long Count) Totals(ReadOnlySpan<byte> bytes)
    {
        long count = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        double totalWeight = BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]);
        return count >= 0 && double.IsFinite(totalWeight) && totalWeight >= 0
            ? (totalWeight, count)
            : throw new InvalidDataException($"The partial aggregate claims {count} updates of total weight {totalWeight}.");
    }
}
