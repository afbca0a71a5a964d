using System.Buffers.Binary;
using System.IO.Hashing;

namespace Federated.Aggregation.Accumulators;

/// <summary>
/// Hands out the bytes of a partial aggregate one after another, straight from the sums, with its checksum at the end. The sums must not
/// change meanwhile. Used by one caller at a time.
/// </summary>
public sealed class PartialWriter : ITransferWriter
{
    private readonly SectionAccumulator[] _sections;
    private readonly byte[] _header;
    private readonly byte[] _checksum = new byte[PartialFormat.ChecksumBytes];
    private readonly XxHash3 _hash = new();

    internal PartialWriter(SectionAccumulator[] sections, double totalWeight, long count)
    {
        _sections = sections;
        _header = PartialFormat.Header(sections, totalWeight, count);
        Length = PartialFormat.LengthOf(sections);
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public long Position { get; private set; }

    /// <inheritdoc/>
    public int Write(Span<byte> destination)
    {
        int written = 0;
        while (written < destination.Length && Position < Length)
        {
            ReadOnlySpan<byte> piece = Piece(destination.Length - written);
            piece.CopyTo(destination[written..]);
            written += piece.Length;
            Position += piece.Length;
        }

        return written;
    }

    private ReadOnlySpan<byte> Piece(int most)
    {
        ReadOnlySpan<byte> piece;
        long fromEnd = Length - Position;
        if (fromEnd <= PartialFormat.ChecksumBytes)
        {
            if (fromEnd == PartialFormat.ChecksumBytes)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(_checksum, _hash.GetCurrentHashAsUInt64());
            }

            piece = _checksum.AsSpan((int)(PartialFormat.ChecksumBytes - fromEnd));
            return piece[..Math.Min(most, piece.Length)];
        }

        if (Position < _header.Length)
        {
            piece = _header.AsSpan((int)Position);
            piece = piece[..Math.Min(most, piece.Length)];
        }
        else
        {
            piece = PartialFormat.SumsAt(_sections, Position - _header.Length, most);
        }

        _hash.Append(piece);
        return piece;
    }
}
