using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Client.Storage;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Client.Transfer;

/// <summary>
/// One pending update as a file, little-endian:
/// <code>
/// 0   8  magic "FEDPEND1" (the digit is the layout version)
/// 8   4  length of the header in bytes, h
/// 12  4  length of the next client state in floats, s
/// 16  8  length of the payload in bytes, p
/// 24  h  UpdateHeader, protobuf
/// ..  4s next client state, float32
/// ..  p  payload
/// ..  8  XxHash3 (64 bits, seed 0) of all that precedes
/// </code>
/// It is not forced to disk: it outlives the application, and the checksum tells when it did not outlive the machine.
/// </summary>
internal static class PendingFile
{
    private const int PrefixLength = 24;

    private static ReadOnlySpan<byte> Magic => "FEDPEND1"u8;

    public static void Write(string path, PendingUpdate update)
    {
        byte[] header = update.Header.ToByteArray();
        Span<byte> prefix = stackalloc byte[PrefixLength];
        Magic.CopyTo(prefix);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[8..], header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[12..], update.NextState.Length);
        BinaryPrimitives.WriteInt64LittleEndian(prefix[16..], update.Payload.Length);

        var hash = new XxHash3();
        string beside = path + ".new";
        using (FileStream file = PrivateFile.Create(beside))
        {
            Append(file, hash, prefix);
            Append(file, hash, header);
            Append(file, hash, MemoryMarshal.AsBytes(update.NextState.AsSpan()));
            Append(file, hash, update.Payload.Span);
            Span<byte> checksum = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(checksum, hash.GetCurrentHashAsUInt64());
            file.Write(checksum);
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <exception cref="InvalidDataException">The file is torn, damaged or of another layout version; the message says where.</exception>
    public static PendingUpdate Read(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        if (content.Length < PrefixLength + 8 || !content.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"'{path}' does not begin with a pending update's mark ({content.Length} bytes).");
        }

        int headerLength = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(8));
        int stateLength = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(12));
        long payloadLength = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(16));
        if (headerLength < 0 || stateLength < 0 || payloadLength < 0
            || PrefixLength + headerLength + (4L * stateLength) + payloadLength + 8 != content.Length)
        {
            throw new InvalidDataException($"'{path}' has {content.Length} bytes, which is not what its lengths at byte 8 say.");
        }

        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(content.Length - 8));
        if (XxHash3.HashToUInt64(content.AsSpan(0, content.Length - 8)) != checksum)
        {
            throw new InvalidDataException($"'{path}' does not match its checksum at byte {content.Length - 8}.");
        }

        UpdateHeader header = UpdateHeader.Parser.ParseFrom(content, PrefixLength, headerLength);
        UpdateTicket ticket = UpdateTicket.Parser.ParseFrom(header.Ticket.Payload);
        int stateStart = PrefixLength + headerLength;
        float[] state = MemoryMarshal.Cast<byte, float>(content.AsSpan(stateStart, 4 * stateLength)).ToArray();
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)payloadLength);
        content.AsSpan(stateStart + (4 * stateLength), (int)payloadLength).CopyTo(rented);
        return new PendingUpdate(ticket, header, rented, (int)payloadLength, state);
    }

    private static void Append(FileStream file, XxHash3 hash, ReadOnlySpan<byte> bytes)
    {
        hash.Append(bytes);
        file.Write(bytes);
    }
}
