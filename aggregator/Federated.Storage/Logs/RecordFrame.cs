using System.Buffers.Binary;
using System.IO.Hashing;

namespace Federated.Storage.Logs;

/// <summary>
/// One record in the file, little-endian: checksum (8 bytes), payload length (4), payload. The checksum is XxHash3
/// over length and payload with the record's place in the file as seed, so that neither zeros nor an old record
/// that lies elsewhere verifies.
/// </summary>
internal static class RecordFrame
{
    public const int HeaderBytes = 12;

    private const int LengthOffset = 8;

    public static int PayloadLength(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadInt32LittleEndian(header[LengthOffset..]);

    public static void Write(Span<byte> frame, ReadOnlySpan<byte> payload, long place)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame[LengthOffset..], payload.Length);
        payload.CopyTo(frame[HeaderBytes..]);
        BinaryPrimitives.WriteUInt64LittleEndian(frame, Checksum(frame, place));
    }

    public static bool Verifies(ReadOnlySpan<byte> frame, long place) =>
        BinaryPrimitives.ReadUInt64LittleEndian(frame) == Checksum(frame, place);

    private static ulong Checksum(ReadOnlySpan<byte> frame, long place) =>
        XxHash3.HashToUInt64(frame[LengthOffset..], seed: place);
}
