using System.Buffers.Binary;

namespace Federated.Protocol.Codecs;

/// <summary>
/// The first 16 bytes of a frame, little-endian:
/// <code>
///  0  1  layout version, 1
///  1  1  kind
///  2  1  flags: 1 = the body is a Zstandard frame
///  3  1  zero
///  4  4  bytes of the whole frame, this header included
///  8  4  elements of the vector
/// 12  4  bytes of the body before Zstandard
/// </code>
/// </summary>
internal readonly record struct FrameHeader(FrameKind Kind, bool IsCompressed, int Length, int Elements, int BodyLength)
{
    public const byte Version = 1;
    public const int Bytes = 16;

    public static FrameFault Read(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < Bytes)
        {
            return FrameFault.Truncated;
        }

        if (bytes[0] != Version)
        {
            return FrameFault.UnknownVersion;
        }

        if (bytes[1] is < (byte)FrameKind.Dense or > (byte)FrameKind.LowRank || bytes[2] > 1 || bytes[3] != 0)
        {
            return FrameFault.UnknownKind;
        }

        header = new FrameHeader(
            (FrameKind)bytes[1],
            bytes[2] == 1,
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]));
        return header.Elements >= 0 && header.Length >= Bytes && header.BodyLength >= 0
            && header.BodyLength <= FrameLimits.BodyBytes(header.Elements)
            && (header.IsCompressed || header.Length == Bytes + header.BodyLength)
            ? FrameFault.None
            : FrameFault.LengthMismatch;
    }

    public void Write(Span<byte> bytes)
    {
        bytes[0] = Version;
        bytes[1] = (byte)Kind;
        bytes[2] = IsCompressed ? (byte)1 : (byte)0;
        bytes[3] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Elements);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], BodyLength);
    }
}
