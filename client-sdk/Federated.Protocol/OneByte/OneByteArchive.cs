using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Federated.Protocol.OneByte;

/// <summary>
/// A checkpoint with the records that led to it from the archive before: the log in pieces. Little-endian: magic "OBA1", SHA-256 that names the archive before (32 bytes, zeros for
/// none), length of the checkpoint (4), checkpoint, number of records (4), and for each its length (4) and bytes.
/// </summary>
/// <param name="Before">SHA-256 of the archive before, 32 bytes; empty for none.</param>
/// <param name="Checkpoint">What <see cref="OneByteMachine.Checkpoint"/> gave.</param>
/// <param name="Records">The records between both, oldest first.</param>
public sealed record OneByteArchive(ReadOnlyMemory<byte> Before, ReadOnlyMemory<byte> Checkpoint, ImmutableArray<ReadOnlyMemory<byte>> Records)
{
    private const int HashBytes = 32;

    /// <summary>The layout above.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[4 + HashBytes + 8 + Checkpoint.Length + Records.Sum(record => 4 + record.Length)];
        "OBA1"u8.CopyTo(bytes);
        Before.Span.CopyTo(bytes.AsSpan(4));
        int at = 4 + HashBytes;
        Write(bytes, ref at, Checkpoint.Span);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), Records.Length);
        at += 4;
        foreach (ReadOnlyMemory<byte> record in Records)
        {
            Write(bytes, ref at, record.Span);
        }

        return bytes;
    }

    /// <summary>Reads an archive.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> gave.</param>
    /// <exception cref="InvalidDataException">The bytes are cut short, too long, or no archive.</exception>
    public static OneByteArchive Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < 4 + HashBytes + 8 || !bytes.Span.StartsWith("OBA1"u8))
        {
            throw Malformed(bytes.Length);
        }

        ReadOnlyMemory<byte> before = bytes.Slice(4, HashBytes);
        ReadOnlyMemory<byte> rest = bytes[(4 + HashBytes)..];
        ReadOnlyMemory<byte> checkpoint = Take(ref rest, bytes.Length);
        if (rest.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(rest.Span) is var count && (count < 0 || count > rest.Length / 4))
        {
            throw Malformed(bytes.Length);
        }

        var records = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        int left = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
        for (rest = rest[4..]; left > 0; left--)
        {
            records.Add(Take(ref rest, bytes.Length));
        }

        return rest.IsEmpty
            ? new OneByteArchive(before.Span.IndexOfAnyExcept((byte)0) < 0 ? default : before, checkpoint, records.ToImmutable())
            : throw Malformed(bytes.Length);
    }

    private static void Write(byte[] bytes, ref int at, ReadOnlySpan<byte> part)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), part.Length);
        part.CopyTo(bytes.AsSpan(at + 4));
        at += 4 + part.Length;
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, int all)
    {
        int length = rest.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
        if (length < 0 || length > rest.Length - 4)
        {
            throw Malformed(all);
        }

        ReadOnlyMemory<byte> part = rest.Slice(4, length);
        rest = rest[(4 + length)..];
        return part;
    }

    private static InvalidDataException Malformed(int length) => new($"{length} bytes are not an archive of a one-byte exchange.");
}
