using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

public sealed class SlotPoolTests : SlotPoolFixture
{
    [Fact]
    public void Take_AfterCommit_ReadsWhatWasWritten()
    {
        var pool = Open();
        byte[] payload = [1, 2, 3, 4, 5];

        var committed = Commit(pool, payload);
        using var lease = Take(pool, committed.Key);

        Assert.Equal(payload, lease.Bytes.ToArray());
        Assert.Equal(XxHash3.HashToUInt64(payload), lease.Checksum);
        Assert.True(lease.ChecksumMatches());
        lease.Release();
        Assert.Equal(new SlotPoolStatistics(4, 0, 0, 0, 0, 0, Peak: 1), pool.Statistics);
    }

    [Fact]
    public void Statistics_FollowTheLifeOfASlot()
    {
        var pool = Open();

        var write = Reserve(pool, 8);
        Assert.Equal((3, 1, 0, 0), States(pool));
        Assert.Equal(1, pool.LiveLeases);
        write.Append(new byte[8]);
        var key = write.Commit().Key;
        Assert.Equal((3, 0, 1, 0), States(pool));
        Assert.Equal(0, pool.LiveLeases);
        var read = Take(pool, key);
        Assert.Equal((3, 0, 0, 1), States(pool));
        read.Release();
        Assert.Equal((4, 0, 0, 0), States(pool));
    }

    [Fact]
    public void TryReserve_EverySlotInUse_SaysFull()
    {
        var pool = Open();
        var leases = Enumerable.Range(0, 4).Select(_ => Reserve(pool, 1)).ToList();

        Assert.False(pool.TryReserve(1, out var lease, out var outcome));

        Assert.Null(lease);
        Assert.Equal(SlotReserveOutcome.Full, outcome);
        Assert.Equal(4, pool.Statistics.Peak);
        leases.ForEach(l => l.Dispose());
        Assert.Equal(4, pool.Statistics.Free);
    }

    [Fact]
    public void TryReserve_LargerThanASlot_SaysTooLarge()
    {
        var pool = Open();

        Assert.False(pool.TryReserve(10_001, out _, out var outcome));
        Assert.Equal(SlotReserveOutcome.TooLarge, outcome);
        Reserve(pool, 10_000).Dispose();
    }

    [Fact]
    public void Dispose_OfAnUncommittedReservation_FreesTheSlotAndItsKey()
    {
        var pool = Open();
        var lease = Reserve(pool, 4);

        Assert.Equal(SlotTakeOutcome.NotCommitted, OutcomeOfTaking(pool, lease.Key));
        lease.Dispose();
        lease.Dispose();

        Assert.Equal(4, pool.Statistics.Free);
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, lease.Key));
    }

    [Fact]
    public void Dispose_OfAnUnreleasedReadLease_PutsThePayloadBack()
    {
        var pool = Open();
        var committed = Commit(pool, 9, 8, 7);

        Take(pool, committed.Key).Dispose();

        Assert.Equal([committed], pool.EnumerateCommitted());
        using var again = Take(pool, committed.Key);
        Assert.Equal([9, 8, 7], again.Bytes.ToArray());
        again.Release();
    }

    [Fact]
    public void TryTake_HeldByAnotherReader_SaysInUse()
    {
        var pool = Open();
        var committed = Commit(pool, 1);
        using var first = Take(pool, committed.Key);

        Assert.Equal(SlotTakeOutcome.InUse, OutcomeOfTaking(pool, committed.Key));
        first.Release();
    }

    [Fact]
    public void TryTake_StaleKey_NeverReadsTheReusedSlot()
    {
        var pool = Open();
        var old = Commit(pool, 1).Key;
        Take(pool, old).Release();
        var reused = Commit(pool, 2).Key;

        Assert.Equal(old.Index, reused.Index);
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, old));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, reused with { Nonce = old.Nonce }));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, reused with { Generation = old.Generation }));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, reused with { Index = 99 }));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, reused with { Index = -1 }));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, default));
        Assert.Equal(SlotTakeOutcome.Taken, OutcomeOfTaking(pool, reused));
    }

    [Fact]
    public void Memory_AfterTheLeaseEnded_Throws()
    {
        var pool = Open();
        var write = Reserve(pool, 4);
        var written = write.Memory;
        var key = write.Commit(4).Key;
        var read = Take(pool, key);
        var readable = read.Memory;
        read.Release();

        Assert.Throws<ObjectDisposedException>(() => written.Span[0] = 1);
        Assert.Throws<ObjectDisposedException>(() => readable.Span[0]);
        Assert.Throws<ObjectDisposedException>(() => write.Commit(4));
        Assert.Throws<ObjectDisposedException>(read.Release);
    }

    [Fact]
    public void Append_MoreThanReserved_ThrowsAndWritesNothing()
    {
        var pool = Open();
        using var lease = Reserve(pool, 4);
        lease.Append([1, 2, 3]);

        Assert.Throws<InvalidOperationException>(() => lease.Append([4, 5]));
        Assert.Throws<InvalidOperationException>(() => lease.Advance(2));
        Assert.Throws<InvalidOperationException>(() => lease.GetSpan(2).Length);

        Assert.Equal((3, 1), (lease.Written, lease.Remaining));
    }

    [Fact]
    public async Task Commit_WrittenInEveryWay_HasTheSameChecksum()
    {
        var pool = Open();
        var payload = Enumerable.Range(0, 9_000).Select(i => (byte)(i * 31)).ToArray();
        var expected = XxHash3.HashToUInt64(payload);

        var appended = Reserve(pool, payload.Length);
        appended.Append(new ReadOnlySequence<byte>(payload));
        var advanced = Reserve(pool, payload.Length);
        for (var at = 0; at < payload.Length; at += 1_000)
        {
            payload.AsSpan(at, 1_000).CopyTo(advanced.GetSpan(1_000));
            advanced.Advance(1_000);
        }

        var streamed = Reserve(pool, 10_000);
        using var stream = new MemoryStream(payload);
        await stream.ReadExactlyAsync(streamed.Memory[..payload.Length], TestContext.Current.CancellationToken);
        var claimed = Reserve(pool, payload.Length);
        payload.CopyTo(claimed.Span);

        CommittedSlot[] slots =
            [appended.Commit(), advanced.Commit(), streamed.Commit(9_000), claimed.Commit(9_000, expected)];
        Assert.All(slots, slot => Assert.Equal((9_000, expected), (slot.Length, slot.Checksum)));
        Assert.All(slots, slot => Assert.Equal(payload, Bytes(pool, slot.Key)));
    }

    [Fact]
    public void Floats_ReadsWhatAFloatWriterWrote()
    {
        var pool = Open();
        float[] values = [1.5f, -2f, float.MaxValue];
        var even = Commit(pool, MemoryMarshal.AsBytes(values.AsSpan()));
        var odd = Commit(pool, 1, 2, 3);

        using var floats = Take(pool, even.Key);
        using var bytes = Take(pool, odd.Key);

        Assert.Equal(values, floats.Floats.ToArray());
        Assert.Throws<InvalidOperationException>(() => bytes.Floats.Length);
    }

    [Fact]
    public void ChecksumMatches_DamagedPayload_IsFalse()
    {
        var pool = Open();
        var key = Commit(pool, 1, 2, 3).Key;
        Damage(new PoolLayout(4, 10_000).PayloadOffset(key.Index) + 1, 77);

        using var lease = Take(pool, key);

        Assert.False(lease.ChecksumMatches());
    }

    [Fact]
    public void Dispose_WithALiveLease_KeepsThePayloadUntilTheLeaseEnds()
    {
        var pool = Open();
        var other = Open();
        var write = Reserve(pool, 3);

        pool.Dispose();
        Assert.Equal(1, pool.LiveLeases);
        Assert.Equal(0, other.ReclaimDeadOwners().DeadOwners);
        write.Append([5, 6, 7]);
        var key = write.Commit().Key;

        Assert.Equal([5, 6, 7], Bytes(other, key));
        Assert.Throws<ObjectDisposedException>(() => pool.TryReserve(1, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => pool.Statistics);
    }

    [Fact]
    public void Commit_OfNoBytes_CanBeTaken()
    {
        var pool = Open();

        using var lease = Take(pool, Commit(pool).Key);

        Assert.Equal(0, lease.Length);
        Assert.True(lease.ChecksumMatches());
    }

    [Fact]
    public void Write_OfAKey_ReadsBack()
    {
        var key = new SlotKey(7, 0xdeadbeef, 0x0123456789abcdef);
        var bytes = new byte[SlotKey.Bytes];

        key.Write(bytes);

        Assert.Equal(key, SlotKey.Read(bytes));
    }

    [Theory]
    [InlineData(0, 4, "pool")]
    [InlineData(1, 0, "pool")]
    [InlineData(1, 4, "../pool")]
    [InlineData(1, 4, "")]
    public void Open_OptionsOutOfRange_Throws(int slotBytes, int slotCount, string name)
    {
        (Options.SlotBytes, Options.SlotCount, Options.Name) = (slotBytes, slotCount, name);

        Assert.Throws<ValidationException>(Open);
    }

    private static (int Free, int Reserved, int Committed, int Taken) States(SlotPool pool)
    {
        var now = pool.Statistics;
        return (now.Free, now.Reserved, now.Committed, now.Taken);
    }

    private static byte[] Bytes(SlotPool pool, SlotKey key)
    {
        using var lease = Take(pool, key);
        return lease.Bytes.ToArray();
    }
}
