using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Federated.Aggregation.ServerOptimizers;

/// <summary>
/// The bytes of an optimizer's state, little-endian:
/// <code>
/// offset  size  what
///      0     4  magic "FSOS"
///      4     2  layout version, 1
///      6     2  number of moment vectors k
///      8     8  name, ASCII, filled up with zeros
///     16     8  steps, int64
///     24     8  elements n of each vector, int64
///     32  4kn   the vectors, float32: first moment, second moment
///    end     8  XxHash3 (64 bits, seed 0) of all bytes before
/// </code>
/// </summary>
internal static class OptimizerStateFormat
{
    public const ushort Version = 1;

    private const int HeaderBytes = 32;
    private const int ChecksumBytes = 8;
    private const int NameOffset = 8;
    private const int StepsOffset = 16;

    private static ReadOnlySpan<byte> Magic => "FSOS"u8;

    public static byte[] Write(string name, int count, long steps, float[][] moments)
    {
        byte[] state = new byte[LengthOf(count, moments)];
        Header(state, name, count, steps, moments);
        int offset = HeaderBytes;
        foreach (float[] moment in moments)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(moment.AsSpan());
            bytes.CopyTo(state.AsSpan(offset));
            offset += bytes.Length;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(offset), XxHash3.HashToUInt64(state.AsSpan(0, offset)));
        return state;
    }

    /// <summary>Fills the moments and returns the steps.</summary>
    public static long Read(ReadOnlySpan<byte> state, string name, int count, float[][] moments)
    {
        if (state.Length < HeaderBytes + ChecksumBytes || !state[..4].SequenceEqual(Magic))
        {
            throw new InvalidDataException($"The {state.Length} bytes are no state of a server optimizer: they do not begin with FSOS.");
        }

        if (BinaryPrimitives.ReadUInt16LittleEndian(state[4..]) is ushort version && version != Version)
        {
            throw new InvalidDataException($"The server optimizer's state has layout version {version}; this build reads {Version}.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(state[^ChecksumBytes..]) != XxHash3.HashToUInt64(state[..^ChecksumBytes]))
        {
            throw new InvalidDataException("The checksum of the server optimizer's state does not match: its bytes are damaged.");
        }

        long steps = BinaryPrimitives.ReadInt64LittleEndian(state[StepsOffset..]);
        byte[] expected = new byte[HeaderBytes];
        Header(expected, name, count, steps, moments);
        if (!state[..HeaderBytes].SequenceEqual(expected) || state.Length != LengthOf(count, moments) || steps < 0)
        {
            string found = Encoding.ASCII.GetString(state.Slice(NameOffset, StepsOffset - NameOffset)).TrimEnd('\0');
            throw new InvalidDataException(
                $"The state belongs to server optimizer '{found}' of {BinaryPrimitives.ReadInt64LittleEndian(state[24..])} parameters, not to '{name}' of {count}.");
        }

        int offset = HeaderBytes;
        foreach (float[] moment in moments)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(moment.AsSpan());
            state.Slice(offset, bytes.Length).CopyTo(bytes);
            offset += bytes.Length;
        }

        return steps;
    }

    private static int LengthOf(int count, float[][] moments) =>
        checked(HeaderBytes + (moments.Length * count * sizeof(float)) + ChecksumBytes);

    private static void Header(Span<byte> state, string name, int count, long steps, float[][] moments)
    {
        Magic.CopyTo(state);
        BinaryPrimitives.WriteUInt16LittleEndian(state[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(state[6..], (ushort)moments.Length);
        Encoding.ASCII.GetBytes(name, state[NameOffset..StepsOffset]);
        BinaryPrimitives.WriteInt64LittleEndian(state[StepsOffset..], steps);
        BinaryPrimitives.WriteInt64LittleEndian(state[24..], count);
    }
}
