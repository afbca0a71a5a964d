using System.Buffers;
using System.IO.Hashing;

namespace Federated.Storage.Slots;

/// <summary>
/// The right to fill one slot. Ends by <see cref="Commit()"/> or, without it, by <see cref="Dispose"/>, which gives
/// the slot back unused. Write in order with <see cref="Append(ReadOnlySpan{byte})"/> or the buffer-writer members,
/// which hash the bytes while they are in the cache; or anywhere through <see cref="Memory"/>. Bytes once appended
/// must not be changed through <see cref="Memory"/>.
/// </summary>
public sealed class SlotWriteLease : IBufferWriter<byte>, IDisposable
{
    private readonly SlotPool _pool;
    private readonly SlotMemory _memory;
    private XxHash3? _hash;
    private int _ended;

    internal SlotWriteLease(SlotPool pool, SlotKey key, SlotMemory memory, int length)
    {
        _pool = pool;
        _memory = memory;
        Key = key;
        Length = length;
    }

    /// <summary>Names the payload once it is committed.</summary>
    public SlotKey Key { get; }

    /// <summary>Reserved bytes.</summary>
    public int Length { get; }

    /// <summary>Bytes appended so far.</summary>
    public int Written { get; private set; }

    /// <summary>Reserved bytes not appended yet.</summary>
    public int Remaining => Length - Written;

    /// <summary>The whole reserved payload, page-aligned; what an earlier user left in it is still there.</summary>
    public Memory<byte> Memory => _memory.Memory;

    /// <inheritdoc cref="Memory"/>
    public Span<byte> Span => _memory.GetSpan();

    /// <exception cref="InvalidOperationException">More than <see cref="Remaining"/> bytes.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ThrowIfOver(bytes.Length);
        bytes.CopyTo(Span[Written..]);
        Advance(bytes.Length);
    }

    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/>
    public void Append(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length > Remaining)
        {
            ThrowIfOver(bytes.Length);
        }

        foreach (var segment in bytes)
        {
            Append(segment.Span);
        }
    }

    /// <summary>The part not appended yet.</summary>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfOver(sizeHint);
        return Span[Written..];
    }

    /// <inheritdoc cref="GetSpan"/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfOver(sizeHint);
        return Memory[Written..];
    }

    /// <summary>Counts bytes written to <see cref="GetSpan"/> as appended.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ThrowIfOver(count);
        _hash ??= new XxHash3();
        _hash.Append(Span.Slice(Written, count));
        Written += count;
    }

    /// <summary>Publishes the appended bytes.</summary>
    public CommittedSlot Commit() => Commit(Written);

    /// <summary>Publishes the first <paramref name="length"/> bytes; hashes them unless they are just what was appended.</summary>
    public CommittedSlot Commit(int length)
    {
        CheckLength(length);
        var checksum = length == Written && _hash is not null
            ? _hash.GetCurrentHashAsUInt64()
            : XxHash3.HashToUInt64(Span[..length]);
        return Commit(length, checksum);
    }

    /// <summary>
    /// Publishes the first <paramref name="length"/> bytes with a checksum that the caller has computed already
    /// (XxHash3, 64 bits, seed 0, over exactly these bytes).
    /// </summary>
    public CommittedSlot Commit(int length, ulong checksum)
    {
        CheckLength(length);
        ObjectDisposedException.ThrowIf(!TryEnd(), this);
        return _pool.EndByCommit(Key, length, checksum);
    }

    /// <summary>Aborts the reservation unless it was committed.</summary>
    public void Dispose()
    {
        if (TryEnd())
        {
            _pool.EndByAbort(Key);
        }
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return false;
        }

        _memory.End();
        return true;
    }

    private void CheckLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
    }

    private void ThrowIfOver(long count)
    {
        if (count > Remaining)
        {
            throw new InvalidOperationException(
                $"{count} more bytes do not fit the slot: {Written} of {Length} reserved bytes are written.");
        }
    }
}
