using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Federated.Storage.Slots;

/// <summary>
/// The right to read one payload, held by one reader. <see cref="Release"/> says that the payload is used up and
/// frees the slot; ending without it, by <see cref="Dispose"/>, puts the payload back for the next reader, so that a
/// reader that fails loses nothing.
/// </summary>
public sealed class SlotReadLease : IDisposable
{
    private readonly SlotPool _pool;
    private readonly SlotMemory _memory;
    private readonly CommittedSlot _slot;
    private int _ended;

    internal SlotReadLease(SlotPool pool, CommittedSlot slot, SlotMemory memory)
    {
        _pool = pool;
        _slot = slot;
        _memory = memory;
    }

    public SlotKey Key => _slot.Key;

    /// <summary>Payload bytes.</summary>
    public int Length => _slot.Length;

    /// <summary>XxHash3 (64 bits, seed 0) that the writer committed; <see cref="ChecksumMatches"/> tests it.</summary>
    public ulong Checksum => _slot.Checksum;

    public ReadOnlyMemory<byte> Memory => _memory.Memory;

    public ReadOnlySpan<byte> Bytes => _memory.GetSpan();

    /// <summary>The payload as little-endian float32.</summary>
    /// <exception cref="InvalidOperationException">The length is not a multiple of 4.</exception>
    public ReadOnlySpan<float> Floats => Length % sizeof(float) == 0
        ? MemoryMarshal.Cast<byte, float>(Bytes)
        : throw new InvalidOperationException($"Slot {Key} holds {Length} bytes, which is no whole number of float32.");

    /// <summary>Reads the whole payload and compares it with the committed checksum.</summary>
    public bool ChecksumMatches() => XxHash3.HashToUInt64(Bytes) == Checksum;

    /// <summary>Frees the slot. The key is stale from now on.</summary>
    public void Release()
    {
        ObjectDisposedException.ThrowIf(!TryEnd(), this);
        _pool.EndByRelease(Key);
    }

    /// <summary>Puts the payload back unless it was released.</summary>
    public void Dispose()
    {
        if (TryEnd())
        {
            _pool.EndByReturn(Key);
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
}
