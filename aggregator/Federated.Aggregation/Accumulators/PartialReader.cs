using System.Buffers.Binary;
using System.IO.Hashing;

namespace Federated.Aggregation.Accumulators;

/// <summary>
/// Takes the bytes of a partial aggregate as they arrive and puts them straight into the sums of an empty accumulator, which counts
/// nothing before the checksum at the end has matched. Used by one caller at a time.
/// </summary>
public sealed class PartialReader
{
    private readonly UpdateAccumulator _accumulator;
    private readonly SectionAccumulator[] _sections;
    private readonly byte[] _header;
    private readonly byte[] _checksum = new byte[PartialFormat.ChecksumBytes];
    private readonly XxHash3 _hash = new();
    private readonly long _length;
    private long _position;

    internal PartialReader(UpdateAccumulator accumulator, SectionAccumulator[] sections)
    {
        _accumulator = accumulator;
        _sections = sections;
        _header = new byte[PartialFormat.HeaderLength(sections)];
        _length = PartialFormat.LengthOf(sections);
    }

    /// <summary>Whether the whole partial has arrived and is in the accumulator.</summary>
    public bool IsComplete => _position == _length;

    /// <summary>Takes what comes next.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are no partial of these sections, or are damaged. The accumulator must be cleared before it is used.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = Room(bytes.Length);
            bytes[..room.Length].CopyTo(room);
            bytes = bytes[room.Length..];
            if (_position < _length - PartialFormat.ChecksumBytes)
            {
                _hash.Append(room);
            }

            _position += room.Length;
            if (_position == _header.Length)
            {
                PartialFormat.Check(_header, _sections);
            }
        }

        if (IsComplete)
        {
            Finish();
        }
    }

    private Span<byte> Room(int most)
    {
        Span<byte> room;
        long fromEnd = _length - _position;
        if (fromEnd == 0)
        {
            throw new InvalidDataException($"The partial aggregate is longer than the {_length} bytes that its sections take.");
        }

        if (fromEnd <= PartialFormat.ChecksumBytes)
        {
            room = _checksum.AsSpan((int)(PartialFormat.ChecksumBytes - fromEnd));
        }
        else if (_position < _header.Length)
        {
            room = _header.AsSpan((int)_position);
        }
        else
        {
            return PartialFormat.SumsAt(_sections, _position - _header.Length, most);
        }

        return room[..Math.Min(most, room.Length)];
    }

    private void Finish()
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(_checksum) != _hash.GetCurrentHashAsUInt64())
        {
            throw new InvalidDataException("The checksum of the partial aggregate does not match: its bytes are damaged.");
        }

        (double totalWeight, long count) = PartialFormat.Credit(_header, _sections);
        _accumulator.Credit(count, totalWeight);
    }
}
