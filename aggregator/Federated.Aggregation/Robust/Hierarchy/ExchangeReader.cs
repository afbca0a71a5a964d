using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>
/// Takes the bytes of a message between nodes as they arrive. Nothing is allocated for a block before the whole table was judged by the receiver, and nothing
/// counts before the checksum at the end has matched. Used by one caller at a time.
/// </summary>
/// <param name="kind">The kind that is expected.</param>
/// <param name="judge">Says what is wrong with a table, or null; whoever sends decides the sizes, so a receiver compares them with what it expects.</param>
/// <param name="rows">Makes room for the float32 vectors of a block.</param>
public sealed class ExchangeReader(ExchangeKind kind, Func<IReadOnlyList<ExchangeShape>, string?> judge, Func<ExchangeShape, float[][]>? rows = null)
{
    private readonly byte[] _checksum = new byte[ExchangeFormat.ChecksumBytes];
    private readonly XxHash3 _hash = new();
    private byte[] _header = new byte[ExchangeFormat.HeaderBytes];
    private List<(ExchangeBlock Block, float[][] Rows)>? _blocks;
    private int _headerFilled;
    private int _checksumFilled;
    private int _block;
    private int _row;
    private int _offset;

    /// <summary>Whether the whole message has arrived.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>What it holds, once it is complete.</summary>
    public IReadOnlyList<ExchangeBlock> Blocks => IsComplete
        ? [.. _blocks!.Select(block => block.Block)]
        : throw new InvalidOperationException("The message has not arrived as a whole.");

    /// <summary>Takes what comes next.</summary>
    /// <param name="bytes">Any number of bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are no message of the kind, hold what is not expected, or are damaged. The reader is of no more use.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = Room(out bool isChecksum);
            int taken = Math.Min(room.Length, bytes.Length);
            bytes[..taken].CopyTo(room);
            if (!isChecksum)
            {
                _hash.Append(room[..taken]);
            }

            Advance(taken, isChecksum);
            bytes = bytes[taken..];
        }
    }

    private Span<byte> Room(out bool isChecksum)
    {
        isChecksum = false;
        if (_headerFilled < _header.Length)
        {
            return _header.AsSpan(_headerFilled);
        }

        if (_block < _blocks!.Count)
        {
            (ExchangeBlock block, float[][] single) = _blocks[_block];
            return block.Shape.IsSingle
                ? MemoryMarshal.AsBytes(single[_row].AsSpan())[_offset..]
                : MemoryMarshal.AsBytes(block.Wide.AsSpan(_row * block.Shape.Columns, block.Shape.Columns))[_offset..];
        }

        isChecksum = true;
        return IsComplete ? throw new InvalidDataException("There are bytes behind the end of the message.") : _checksum.AsSpan(_checksumFilled);
    }

    private void Advance(int taken, bool isChecksum)
    {
        if (isChecksum)
        {
            _checksumFilled += taken;
            if (_checksumFilled == _checksum.Length)
            {
                Finish();
            }
        }
        else if (_headerFilled < _header.Length)
        {
            _headerFilled += taken;
            if (_headerFilled == _header.Length)
            {
                ReadHeader();
            }
        }
        else
        {
            _offset += taken;
            if (_offset == _blocks![_block].Block.Shape.RowBytes)
            {
                _offset = 0;
                _row++;
                SkipEmpty();
            }
        }
    }

    private void ReadHeader()
    {
        if (_header.Length == ExchangeFormat.HeaderBytes && ExchangeFormat.BlocksOf(_header, kind) is > 0 and int count)
        {
            Array.Resize(ref _header, ExchangeFormat.HeaderBytes + (count * ExchangeFormat.EntryBytes));
            return;
        }

        ExchangeShape[] shapes = ExchangeFormat.Shapes(_header.AsSpan(ExchangeFormat.HeaderBytes));
        if (judge(shapes) is { } fault)
        {
            throw new InvalidDataException(fault);
        }

        _blocks = [];
        foreach (ExchangeShape shape in shapes)
        {
            float[][] single = !shape.IsSingle ? []
                : rows?.Invoke(shape) ?? [.. Enumerable.Range(0, shape.Rows).Select(_ => GC.AllocateUninitializedArray<float>(shape.Columns))];
            _blocks.Add((ExchangeBlock.Empty(shape, single, shape.IsSingle ? [] : new double[shape.Rows * shape.Columns]), single));
        }

        SkipEmpty();
    }

    private void SkipEmpty()
    {
        while (_block < _blocks!.Count && (_row == _blocks[_block].Block.Shape.Rows || _blocks[_block].Block.Shape.Columns == 0))
        {
            _row = 0;
            _block++;
        }
    }

    private void Finish()
    {
        IsComplete = BinaryPrimitives.ReadUInt64LittleEndian(_checksum) == _hash.GetCurrentHashAsUInt64()
            ? true
            : throw new InvalidDataException("The checksum of the message does not match: its bytes are damaged.");
    }
}
