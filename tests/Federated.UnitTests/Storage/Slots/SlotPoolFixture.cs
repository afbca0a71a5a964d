using System.Runtime.InteropServices;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

/// <summary>Opens pools in a folder of the test; at the end no lease may be alive.</summary>
public abstract class SlotPoolFixture : IDisposable
{
    /// <summary>An owner number that no test registers, so its lock is free as after a death.</summary>
    internal const ushort DeadOwner = 200;

    private readonly TemporaryFolder _folder = new();
    private readonly List<SlotPool> _opened = [];

    protected SlotPoolOptions Options { get; } = new() { SlotBytes = 10_000, SlotCount = 4, Name = "pool" };

    protected string SlotsPath => _folder.At("pool", "slots");

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected SlotPool Open()
    {
        Options.Directory = _folder.Path;
        var pool = SlotPool.Open(Options);
        _opened.Add(pool);
        return pool;
    }

    protected static SlotWriteLease Reserve(SlotPool pool, long length)
    {
        Assert.True(pool.TryReserve(length, out var lease, out var outcome), $"Reserving {length} bytes: {outcome}");
        return lease;
    }

    protected static SlotReadLease Take(SlotPool pool, SlotKey key)
    {
        Assert.True(pool.TryTake(key, out var lease, out var outcome), $"Taking {key}: {outcome}");
        return lease;
    }

    protected static SlotTakeOutcome OutcomeOfTaking(SlotPool pool, SlotKey key)
    {
        pool.TryTake(key, out var lease, out var outcome);
        lease?.Dispose();
        return outcome;
    }

    protected static CommittedSlot Commit(SlotPool pool, params ReadOnlySpan<byte> payload)
    {
        using var lease = Reserve(pool, payload.Length);
        lease.Append(payload);
        return lease.Commit();
    }

    /// <summary>Overwrites bytes of the shared file, as a fault would.</summary>
    protected void Damage(long offset, params ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(SlotsPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = offset;
        file.Write(bytes);
    }

    /// <summary>Changes one byte of the shared file for certain, whatever it was.</summary>
    protected void FlipByte(long offset)
    {
        using var file = new FileStream(SlotsPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = offset;
        var before = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(before ^ 0xA5));
    }

    internal void WriteWord(int slot, SlotWord word) =>
        Damage(PoolLayout.HeaderOffset(slot), MemoryMarshal.AsBytes<long>([word.Raw]));

    protected virtual void Dispose(bool disposing)
    {
        foreach (var pool in _opened)
        {
            Assert.Equal(0, pool.LiveLeases);
            pool.Dispose();
        }

        _folder.Dispose();
    }
}
