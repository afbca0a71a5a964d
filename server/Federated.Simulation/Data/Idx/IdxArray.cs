using System.Buffers.Binary;

namespace Federated.Simulation.Data.Idx;

/// <summary>
/// One IDX file: magic (0, 0, element type, number of dimensions), the dimensions as big-endian 32-bit numbers, then the elements, big-endian, row-major.
/// </summary>
internal sealed class IdxArray
{
    private IdxArray(string path, int[] dimensions, byte type, float[] values)
    {
        Path = path;
        Dimensions = dimensions;
        Type = type;
        Values = values;
    }

    public string Path { get; }

    public int[] Dimensions { get; }

    /// <summary>0x08 for unsigned bytes, the usual type of pixels and labels.</summary>
    public byte Type { get; }

    public float[] Values { get; }

    public static IdxArray Read(string path)
    {
        using Stream stream = DataFile.Open(path);
        Span<byte> magic = stackalloc byte[4];
        Fill(stream, magic, path, 0, "the four bytes of the IDX magic");
        if (magic[0] != 0 || magic[1] != 0)
        {
            throw SimulationException.AtByte(path, 0, $"expected the IDX magic 00 00, found {magic[0]:X2} {magic[1]:X2}; is this an IDX file?");
        }

        int width = WidthOf(magic[2]);
        if (width == 0)
        {
            throw SimulationException.AtByte(path, 2, $"element type 0x{magic[2]:X2} is unknown; expected 08, 09, 0B, 0C, 0D or 0E.");
        }

        if (magic[3] is 0 or > 4)
        {
            throw SimulationException.AtByte(path, 3, $"{magic[3]} dimensions; expected 1 for labels, 2 to 4 for examples.");
        }

        int[] dimensions = ReadDimensions(stream, magic[3], path);
        long count = dimensions.Aggregate(1L, (product, dimension) => product * dimension);
        long dataStart = 4 + (4L * dimensions.Length);
        if (count > Array.MaxLength)
        {
            throw SimulationException.AtByte(path, 4, $"the header announces {count} elements; at most {Array.MaxLength} are supported.");
        }

        float[] values = ReadElements(stream, magic[2], width, (int)count, dataStart, path);
        return new IdxArray(path, dimensions, magic[2], values);
    }

    private static int[] ReadDimensions(Stream stream, int rank, string path)
    {
        int[] dimensions = new int[rank];
        Span<byte> word = stackalloc byte[4];
        for (int i = 0; i < rank; i++)
        {
            Fill(stream, word, path, 4 + (4 * i), $"dimension {i + 1} of {rank}");
            dimensions[i] = BinaryPrimitives.ReadInt32BigEndian(word);
            if (dimensions[i] <= 0 || (i > 0 && dimensions[i] > 1 << 20))
            {
                throw SimulationException.AtByte(path, 4 + (4 * i), $"dimension {i + 1} is {dimensions[i]}; expected a number above 0.");
            }
        }

        return dimensions;
    }

    // The announced size is believed only as far as bytes really come: a damaged header must not allocate gigabytes.
    private static float[] ReadElements(Stream stream, byte type, int width, int count, long start, string path)
    {
        const int ElementsPerRead = 1 << 16;
        byte[] bytes = new byte[ElementsPerRead * width];
        float[] values = new float[Math.Min(count, 1 << 22)];
        for (int done = 0; done < count;)
        {
            int elements = Math.Min(ElementsPerRead, count - done);
            Span<byte> block = bytes.AsSpan(0, elements * width);
            Fill(stream, block, path, start + ((long)done * width), $"{(long)count * width} bytes of elements from byte {start}");
            if (done + elements > values.Length)
            {
                Array.Resize(ref values, (int)Math.Min(count, Math.Max((long)done + elements, 2L * values.Length)));
            }

            Decode(type, block, values.AsSpan(done, elements));
            done += elements;
        }

        return Overrun(stream) == 0
            ? values
            : throw SimulationException.AtByte(path, start + ((long)count * width), "the file goes on after the last element that its header announces.");
    }

    private static int Overrun(Stream stream)
    {
        try
        {
            return stream.ReadByte() < 0 ? 0 : 1;
        }
        catch (InvalidDataException)
        {
            return 1;
        }
    }

    private static void Decode(byte type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                0x08 => bytes[i],
                0x09 => (sbyte)bytes[i],
                0x0B => BinaryPrimitives.ReadInt16BigEndian(bytes[(2 * i)..]),
                0x0C => BinaryPrimitives.ReadInt32BigEndian(bytes[(4 * i)..]),
                0x0D => BinaryPrimitives.ReadSingleBigEndian(bytes[(4 * i)..]),
                _ => (float)BinaryPrimitives.ReadDoubleBigEndian(bytes[(8 * i)..]),
            };
        }
    }

    private static void Fill(Stream stream, Span<byte> target, string path, long offset, string expected)
    {
        int done = 0;
        try
        {
            while (done < target.Length)
            {
                int read = stream.Read(target[done..]);
                if (read == 0)
                {
                    throw SimulationException.AtByte(path, offset + done, $"the file ends here; expected {expected}.");
                }

                done += read;
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw SimulationException.AtByte(path, offset + done, $"the compressed file is damaged: {exception.Message}");
        }
    }

    private static int WidthOf(byte type) => type switch
    {
        0x08 or 0x09 => 1,
        0x0B => 2,
        0x0C or 0x0D => 4,
        0x0E => 8,
        _ => 0,
    };
}
