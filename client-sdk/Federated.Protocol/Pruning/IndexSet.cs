using System.Buffers.Binary;

namespace Federated.Protocol.Pruning;

/// <summary>
/// Ascending indices below a bound, as bytes:
/// <code>
/// 0  1    form: 0 gaps, 1 bitmap; the shorter one is written
/// 1  4    k, the number of indices
/// 5  ...  gaps: each index less the one before it less one (the first: the index itself) as an LEB128 number.
///         bitmap: one bit an index from 0 to the bound, lowest bit first, zero behind the bound
/// </code>
/// Neither form can say an index twice.
/// </summary>
internal static class IndexSet
{
    private const int Prefix = 5;
    private const byte Gaps = 0;
    private const byte Bitmap = 1;

    public static int BytesFor(ReadOnlySpan<int> indices, int bound) => Prefix + Math.Min(GapBytes(indices), BitmapBytes(bound));

    /// <summary>Writes the set and returns its bytes.</summary>
    public static int Write(ReadOnlySpan<int> indices, int bound, Span<byte> bytes)
    {
        int gaps = GapBytes(indices), bitmap = BitmapBytes(bound);
        bytes[0] = gaps <= bitmap ? Gaps : Bitmap;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], indices.Length);
        Span<byte> body = bytes.Slice(Prefix, Math.Min(gaps, bitmap));
        if (gaps > bitmap)
        {
            body.Clear();
            foreach (int index in indices)
            {
                body[index >> 3] |= (byte)(1 << (index & 7));
            }

            return Prefix + bitmap;
        }

        int last = -1, at = 0;
        foreach (int index in indices)
        {
            uint gap = (uint)(index - last - 1);
            for (; gap >= 0x80; gap >>= 7)
            {
                body[at++] = (byte)(gap | 0x80);
            }

            body[at++] = (byte)gap;
            last = index;
        }

        return Prefix + gaps;
    }

    /// <summary>Reads a set that may come from anybody. It takes memory for as many indices as the bytes really hold.</summary>
    /// <param name="bytes">Begins with the set; what follows it is left.</param>
    /// <param name="bound">Every index must be below.</param>
    /// <param name="what">Names the set in a message.</param>
    /// <exception cref="InvalidDataException">The bytes are no such set.</exception>
    public static int[] Read(ref ReadOnlySpan<byte> bytes, int bound, string what)
    {
        if (bytes.Length < Prefix)
        {
            throw new InvalidDataException($"The indices of {what} are cut short.");
        }

        byte form = bytes[0];
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        if (form > Bitmap || count < 0 || count > bound)
        {
            throw new InvalidDataException($"{what} has {count} indices in form {form}; at most {bound} in form 0 or 1 are possible.");
        }

        bytes = bytes[Prefix..];
        return form == Gaps ? ReadGaps(ref bytes, count, bound, what) : ReadBitmap(ref bytes, count, bound, what);
    }

    private static int[] ReadGaps(ref ReadOnlySpan<byte> bytes, int count, int bound, string what)
    {
        // A gap takes a byte at least, so a false count cannot ask for more memory than was sent.
        if (count > bytes.Length)
        {
            throw new InvalidDataException($"{what} has {count} indices in {bytes.Length} bytes.");
        }

        int[] indices = new int[count];
        long index = -1;
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            ulong gap = 0;
            for (int shift = 0; ; shift += 7)
            {
                if (at == bytes.Length || shift > 28)
                {
                    throw new InvalidDataException($"Index {i} of {what} is cut short or longer than 5 bytes.");
                }

                byte next = bytes[at++];
                gap |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    break;
                }
            }

            index += 1 + (long)gap;
            if (index >= bound)
            {
                throw new InvalidDataException($"Index {i} of {what} is {index}; it must be below {bound}.");
            }

            indices[i] = (int)index;
        }

        bytes = bytes[at..];
        return indices;
    }

    private static int[] ReadBitmap(ref ReadOnlySpan<byte> bytes, int count, int bound, string what)
    {
        int length = BitmapBytes(bound);
        if (bytes.Length < length)
        {
            throw new InvalidDataException($"The bitmap of {what} has {bytes.Length} bytes; {length} are needed.");
        }

        ReadOnlySpan<byte> bitmap = bytes[..length];
        if ((bound & 7) != 0 && bitmap[^1] >> (bound & 7) != 0)
        {
            throw new InvalidDataException($"The bitmap of {what} has bits beyond {bound}.");
        }

        int ones = 0;
        foreach (byte part in bitmap)
        {
            ones += int.PopCount(part);
        }

        if (ones != count)
        {
            throw new InvalidDataException($"The bitmap of {what} has {ones} bits, not {count}.");
        }

        int[] indices = new int[count];
        int found = 0;
        for (int i = 0; i < length; i++)
        {
            for (int part = bitmap[i]; part != 0; part &= part - 1)
            {
                indices[found++] = (i << 3) + int.TrailingZeroCount(part);
            }
        }

        bytes = bytes[length..];
        return indices;
    }

    private static int BitmapBytes(int bound) => (int)(((long)bound + 7) / 8);

    private static int GapBytes(ReadOnlySpan<int> indices)
    {
        long bytes = 0;
        int last = -1;
        foreach (int index in indices)
        {
            uint gap = (uint)(index - last - 1);
            bytes += gap switch
            {
                < 1u << 7 => 1,
                < 1u << 14 => 2,
                < 1u << 21 => 3,
                < 1u << 28 => 4,
                _ => 5,
            };
            last = index;
        }

        return (int)Math.Min(bytes, int.MaxValue);
    }
}
