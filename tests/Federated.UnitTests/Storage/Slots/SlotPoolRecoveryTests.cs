using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

public sealed class SlotPoolRecoveryTests : SlotPoolFixture
{
    [Fact]
    public void Open_AfterTheWriterClosed_FindsWhatItCommitted()
    {
        var writer = Open();
        var first = Commit(writer, 1, 2);
        var second = Commit(writer, 3);
        writer.Dispose();

        var restarted = Open();

        Assert.Equal([first, second], restarted.EnumerateCommitted());
        using var lease = Take(restarted, second.Key);
        Assert.Equal([3], lease.Bytes.ToArray());
    }

    [Fact]
    public void TwoPoolsOnOneFile_HandOverAndDoNotShareReservations()
    {
        var gateway = Open();
        var leaf = Open();
        using var reserved = Reserve(gateway, 4);
        using var other = Reserve(leaf, 4);

        Assert.NotEqual(reserved.Key.Index, other.Key.Index);
        var committed = Commit(gateway, 42);
        using var taken = Take(leaf, committed.Key);
        Assert.Equal(42, taken.Bytes[0]);
        Assert.Equal(SlotTakeOutcome.InUse, OutcomeOfTaking(gateway, committed.Key));
        Assert.Equal(default, gateway.ReclaimDeadOwners());
        taken.Release();
        Assert.Equal(gateway.Statistics, leaf.Statistics);
    }

    [Fact]
    public void ReclaimDeadOwners_DeadWriter_FreesItsReservation()
    {
        var pool = Open();
        WriteWord(2, SlotWord.Create(SlotState.Reserved, DeadOwner, 5));
        Assert.Equal(1, pool.Statistics.Reserved);

        Assert.Equal(new SlotReclaim(1, 1, 0, 0), pool.ReclaimDeadOwners());
        Assert.Equal(default, pool.ReclaimDeadOwners());

        Assert.Equal((4, 1L), (pool.Statistics.Free, pool.Statistics.Reclaimed));
    }

    [Fact]
    public void ReclaimDeadOwners_DeadReader_LosesNothing()
    {
        var pool = Open();
        var committed = Commit(pool, 1, 2, 3);
        WriteWord(0, SlotWord.Create(SlotState.Taken, DeadOwner, committed.Key.Generation));
        Assert.Equal(SlotTakeOutcome.InUse, OutcomeOfTaking(pool, committed.Key));

        Assert.Equal(new SlotReclaim(1, 0, 1, 0), pool.ReclaimDeadOwners());
        Assert.Equal(default, pool.ReclaimDeadOwners());

        using var lease = Take(pool, committed.Key);
        Assert.Equal([1, 2, 3], lease.Bytes.ToArray());
        lease.Release();
    }

    [Fact]
    public void Open_WithTheNumberOfADeadOwner_ReclaimsItsSlots()
    {
        Open().Dispose();
        WriteWord(1, SlotWord.Create(SlotState.Reserved, owner: 1, 3));

        var pool = Open();

        Assert.Equal((4, 1L), (pool.Statistics.Free, pool.Statistics.Reclaimed));
    }

    /// <summary>Every byte of a committed header that decides something is damaged once; the neighbour stays.</summary>
    [Fact]
    public void Open_AnyDamagedByteOfACommittedHeader_NeverYieldsThePayloadAndLeavesTheNeighbour()
    {
        for (var offset = 0; offset < 48; offset++)
        {
            var pool = Open();
            var victim = Commit(pool, 1, 2, 3);
            var neighbour = Commit(pool, 4, 5, 6);
            pool.Dispose();
            FlipByte(PoolLayout.HeaderOffset(victim.Key.Index) + offset);

            // Recovered twice: the second recovery finds a sound pool.
            Open().Dispose();
            var recovered = Open();
            Assert.Equal([neighbour], recovered.EnumerateCommitted());
            Assert.Contains(OutcomeOfTaking(recovered, victim.Key), new[] { SlotTakeOutcome.Stale, SlotTakeOutcome.Torn });
            Take(recovered, neighbour.Key).Release();
            Assert.Equal(4, recovered.Statistics.Free);
            Assert.Equal(offset + 1, recovered.Statistics.Torn);
            recovered.Dispose();
        }
    }

    [Fact]
    public void TryTake_HeaderTornWhileThePoolIsOpen_FreesTheSlotOnce()
    {
        var pool = Open();
        var committed = Commit(pool, 1, 2, 3);
        Damage(PoolLayout.HeaderOffset(committed.Key.Index) + 24, 200);

        Assert.Equal(SlotTakeOutcome.Torn, OutcomeOfTaking(pool, committed.Key));
        Assert.Equal(SlotTakeOutcome.Stale, OutcomeOfTaking(pool, committed.Key));

        Assert.Equal((4, 1L), (pool.Statistics.Free, pool.Statistics.Torn));
    }

    [Fact]
    public void EnumerateCommitted_HeaderTornWhileThePoolIsOpen_LeavesItOut()
    {
        var pool = Open();
        var torn = Commit(pool, 1);
        var sound = Commit(pool, 2);
        Damage(PoolLayout.HeaderOffset(torn.Key.Index) + 40, 0, 0, 0, 0, 0, 0, 0, 0);

        Assert.Equal([sound], pool.EnumerateCommitted());
        Assert.Equal([sound], pool.EnumerateCommitted());

        Assert.Equal(1, pool.Statistics.Torn);
    }

    [Fact]
    public void TryReserve_TornSlotMadeFree_IsUsableAgain()
    {
        Open().Dispose();
        Damage(PoolLayout.HeaderOffset(0), [.. Enumerable.Repeat((byte)0xFF, SlotHeader.Bytes)]);
        var pool = Open();

        var committed = Commit(pool, 7);

        Assert.Equal((0, 1L), (committed.Key.Index, pool.Statistics.Torn));
        Assert.Equal([committed], pool.EnumerateCommitted());
    }

    [Fact]
    public void Commit_WordDamagedMeanwhile_Throws()
    {
        var pool = Open();
        var lease = Reserve(pool, 1);
        WriteWord(lease.Key.Index, SlotWord.Create(SlotState.Free, 0, 1));

        Assert.Throws<InvalidOperationException>(() => lease.Commit(1));
    }
}
