using System.Buffers.Binary;

namespace Federated.Protocol.OneByte;

/// <summary>
/// What a machine sends in a round: one byte for each direction, behind 18 bytes of framing, little-endian: round (4), machine (4), the first 8 bytes of the log's hash that it
/// worked from, number of bytes (2).
/// </summary>
/// <param name="Round">The round.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Previous">The first 8 bytes of the hash of the log before this round.</param>
/// <param name="Codes">One code for each sample and direction, samples first.</param>
public sealed record GradientBytes(uint Round, uint Machine, ulong Previous, ReadOnlyMemory<byte> Codes)
{
    /// <summary>Bytes of the framing.</summary>
    public const int FramingBytes = 18;

    /// <summary>The message.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[FramingBytes + Codes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Round);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Machine);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Previous);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(16), checked((ushort)Codes.Length));
        Codes.Span.CopyTo(bytes.AsSpan(FramingBytes));
        return bytes;
    }

    /// <summary>Reads a message; null when its length is not what it says.</summary>
    /// <param name="bytes">The message.</param>
    public static GradientBytes? Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= FramingBytes && bytes.Length == FramingBytes + BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..])
            ? new GradientBytes(
                BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
                bytes[FramingBytes..].ToArray())
            : null;
}
