using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>
/// Hands out the bytes of a message between nodes one after another, straight from the vectors, with a checksum at the end. What the blocks refer to must not
/// change meanwhile. Used by one caller at a time.
/// </summary>
public sealed class ExchangeWriter : ITransferWriter
{
    private readonly IReadOnlyList<ExchangeBlock> _blocks;
    private readonly byte[] _header;
    private readonly byte[] _checksum = new byte[ExchangeFormat.ChecksumBytes];
    private readonly XxHash3 _hash = new();
    private int _block;
    private int _row;
    private long _offset;

    /// <param name="kind">What the message is for.</param>
    /// <param name="blocks">What it holds.</param>
    public ExchangeWriter(ExchangeKind kind, IReadOnlyList<ExchangeBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        _blocks = blocks;
        _header = ExchangeFormat.Header(kind, blocks);
        Length = LengthOf(blocks);
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public long Position { get; private set; }

    /// <summary>Bytes of a message with these blocks.</summary>
    public static long LengthOf(IReadOnlyList<ExchangeBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        return ExchangeFormat.HeaderBytes + ((long)blocks.Count * ExchangeFormat.EntryBytes) + blocks.Sum(block => block.Shape.Bytes) + ExchangeFormat.ChecksumBytes;
    }

    /// <inheritdoc/>
    public int Write(Span<byte> destination)
    {
        int written = 0;
        while (written < destination.Length && Position < Length)
        {
            ReadOnlySpan<byte> piece = Rest();
            piece = piece[..Math.Min(piece.Length, destination.Length - written)];
            piece.CopyTo(destination[written..]);
            if (Position < Length - ExchangeFormat.ChecksumBytes)
            {
                _hash.Append(piece);
            }

            written += piece.Length;
            Position += piece.Length;
            _offset += piece.Length;
        }

        return written;
    }

    /// <summary>What is left of the header, of a row, or of the checksum.</summary>
    private ReadOnlySpan<byte> Rest()
    {
        if (Position < _header.Length)
        {
            _offset = Position;
            return _header.AsSpan((int)Position);
        }

        if (Position == _header.Length)
        {
            _offset = 0;
        }

        while (_block < _blocks.Count)
        {
            ExchangeShape shape = _blocks[_block].Shape;
            if (shape.RowBytes > 0 && _row < shape.Rows)
            {
                if (_offset < shape.RowBytes)
                {
                    return Row(_blocks[_block], _row)[(int)_offset..];
                }

                _row++;
                _offset = 0;
                continue;
            }

            _block++;
            _row = 0;
        }

        int left = (int)(Length - Position);
        if (left == ExchangeFormat.ChecksumBytes)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_checksum, _hash.GetCurrentHashAsUInt64());
        }

        return _checksum.AsSpan(ExchangeFormat.ChecksumBytes - left);
    }

    private static ReadOnlySpan<byte> Row(ExchangeBlock block, int row) => block.Shape.IsSingle
        ? MemoryMarshal.AsBytes(block.Single[row].Span)
        : MemoryMarshal.AsBytes(block.Wide.AsSpan(row * block.Shape.Columns, block.Shape.Columns));
}
