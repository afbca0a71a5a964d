using System.Buffers.Binary;
using System.Security.Cryptography;
using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// The bytes of <see cref="PeerMessage"/>, little-endian: kind (1), then 1 gradients: round (4), previous (8), view (4), accepted view (4, −1 for none), number of codes (2), codes, accepted record;
/// 2 propose: view (4), record; 3 accept: round (4), view (4); 4 commit: record; 5 sync: round (4), previous (8); 6 checkpoint: number of machines (2), machines (4 each), checkpoint; 7 state: round (4), SHA-256 (32).
/// </summary>
internal static class PeerCodec
{
    private const int GradientsHeader = 23;

    public static byte[] Write(PeerMessage message)
    {
        switch (message)
        {
            case PeerMessage.Gradients sent:
                byte[] accepted = sent.Accepted?.ToBytes() ?? [];
                byte[] bytes = new byte[GradientsHeader + sent.Codes.Length + accepted.Length];
                bytes[0] = 1;
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), sent.Round);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(5), sent.Previous);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(13), sent.View);
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(17), sent.Accepted is null ? -1 : sent.AcceptedView);
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(21), checked((ushort)sent.Codes.Length));
                sent.Codes.Span.CopyTo(bytes.AsSpan(GradientsHeader));
                accepted.CopyTo(bytes, GradientsHeader + sent.Codes.Length);
                return bytes;
            case PeerMessage.Propose(uint view, RoundCommitment record):
                return [2, .. Number(view), .. record.ToBytes()];
            case PeerMessage.Accept(uint round, uint view):
                return [3, .. Number(round), .. Number(view)];
            case PeerMessage.Commit(RoundCommitment record):
                return [4, .. record.ToBytes()];
            case PeerMessage.Sync(uint round, ulong previous):
                return [5, .. Number(round), .. Number((uint)previous), .. Number((uint)(previous >> 32))];
            case PeerMessage.Checkpoint(var order, var checkpoint):
                return [6, .. Number((uint)order.Length)[..2], .. order.SelectMany(Number), .. checkpoint.Span];
            case PeerMessage.State(uint round, ReadOnlyMemory<byte> hash):
                return [7, .. Number(round), .. hash.Span];
            default:
                throw new InvalidOperationException($"{message.GetType().Name} has no bytes.");
        }
    }

    /// <summary>Null when the bytes are no message.</summary>
    public static PeerMessage? Read(ReadOnlySpan<byte> bytes)
    {
        switch (bytes.IsEmpty ? 0 : bytes[0])
        {
            case 1 when bytes.Length >= GradientsHeader:
                int codes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[21..]);
                int acceptedView = BinaryPrimitives.ReadInt32LittleEndian(bytes[17..]);
                if (bytes.Length < GradientsHeader + codes || acceptedView < -1)
                {
                    return null;
                }

                ReadOnlySpan<byte> rest = bytes[(GradientsHeader + codes)..];
                RoundCommitment? accepted = acceptedView < 0 ? null : RoundCommitment.Read(rest);
                return (acceptedView < 0 && !rest.IsEmpty) || (acceptedView >= 0 && accepted is null)
                    ? null
                    : new PeerMessage.Gradients(
                        BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[5..]),
                        BinaryPrimitives.ReadUInt32LittleEndian(bytes[13..]), bytes.Slice(GradientsHeader, codes).ToArray(), acceptedView, accepted);
            case 2 when bytes.Length > 5:
                return RoundCommitment.Read(bytes[5..]) is { } proposed ? new PeerMessage.Propose(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), proposed) : null;
            case 3 when bytes.Length == 9:
                return new PeerMessage.Accept(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[5..]));
            case 4:
                return RoundCommitment.Read(bytes[1..]) is { } committed ? new PeerMessage.Commit(committed) : null;
            case 5 when bytes.Length == 13:
                return new PeerMessage.Sync(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[5..]));
            case 6 when bytes.Length >= 3 && BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]) is var count && bytes.Length >= 3 + (4 * count):
                uint[] order = new uint[BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..])];
                for (int i = 0; i < order.Length; i++)
                {
                    order[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(3 + (4 * i))..]);
                }

                return new PeerMessage.Checkpoint([.. order], bytes[(3 + (4 * order.Length))..].ToArray());
            case 7 when bytes.Length == 5 + SHA256.HashSizeInBytes:
                return new PeerMessage.State(BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]), bytes[5..].ToArray());
            default:
                return null;
        }
    }

    private static byte[] Number(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
