using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Federated.Protocol.OneByte;

/// <summary>
/// The record of a round in the log: whose bytes count. Little-endian: round (4), number of machines (2), for each machine in ascending order its number as LEB128, the number of its bytes (2) and the
/// bytes, then the first 8 bytes of the hash of the log before.
/// </summary>
/// <param name="Round">The round.</param>
/// <param name="Machines">The machines in ascending order, with their codes.</param>
/// <param name="Previous">The first 8 bytes of the hash of the log before this round.</param>
public sealed record RoundCommitment(uint Round, ImmutableArray<(uint Machine, ReadOnlyMemory<byte> Codes)> Machines, ulong Previous)
{
    /// <summary>The record that a sequencer makes of what it got: sorted by machine, each once.</summary>
    /// <param name="round">The round.</param>
    /// <param name="previous">The first 8 bytes of the log's hash.</param>
    /// <param name="received">What machines sent for the round.</param>
    /// <param name="bytesPerMachine">Codes that each must have sent.</param>
    public static RoundCommitment Of(uint round, ulong previous, IEnumerable<GradientBytes> received, int bytesPerMachine)
    {
        ArgumentNullException.ThrowIfNull(received);
        return new RoundCommitment(
            round,
            [
                .. received
                    .Where(sent => sent.Round == round && sent.Previous == previous && sent.Codes.Length == bytesPerMachine)
                    .DistinctBy(sent => sent.Machine)
                    .OrderBy(sent => sent.Machine)
                    .Select(sent => (sent.Machine, sent.Codes)),
            ],
            previous);
    }

    /// <summary>The record.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>();
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(number, Round);
        bytes.AddRange(number[..4]);
        BinaryPrimitives.WriteUInt16LittleEndian(number, checked((ushort)Machines.Length));
        bytes.AddRange(number[..2]);
        foreach ((uint machine, ReadOnlyMemory<byte> codes) in Machines)
        {
            for (uint rest = machine; ; rest >>= 7)
            {
                bytes.Add((byte)(rest < 0x80 ? rest : rest | 0x80));
                if (rest < 0x80)
                {
                    break;
                }
            }

            BinaryPrimitives.WriteUInt16LittleEndian(number, checked((ushort)codes.Length));
            bytes.AddRange(number[..2]);
            bytes.AddRange(codes.Span);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(number, Previous);
        bytes.AddRange(number);
        return [.. bytes];
    }

    /// <summary>Reads a record; null when it is malformed: cut short, too long, or machines out of order.</summary>
    /// <param name="bytes">The record.</param>
    public static RoundCommitment? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 14)
        {
            return null;
        }

        uint round = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        ReadOnlySpan<byte> rest = bytes[6..^8];
        var machines = ImmutableArray.CreateBuilder<(uint, ReadOnlyMemory<byte>)>();
        long last = -1;
        for (int i = 0; i < count; i++)
        {
            if (!TryMachine(ref rest, out uint machine) || machine <= last || rest.Length < 2)
            {
                return null;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (rest.Length < 2 + length)
            {
                return null;
            }

            machines.Add((machine, rest.Slice(2, length).ToArray()));
            rest = rest[(2 + length)..];
            last = machine;
        }

        return rest.IsEmpty ? new RoundCommitment(round, machines.ToImmutable(), BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..])) : null;
    }

    private static bool TryMachine(ref ReadOnlySpan<byte> rest, out uint machine)
    {
        machine = 0;
        for (int i = 0; i < 5 && i < rest.Length; i++)
        {
            machine |= (uint)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
