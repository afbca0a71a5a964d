using Federated.Aggregator.Ingest;
using Federated.Aggregator.Journal;
using Federated.Protocol.Rounds;
using Federated.Storage.Slots;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// Where updates are between their upload and their sum: the slot pool, the journal that names what the slots hold, and the
/// spool for rounds that ask for one.
/// </summary>
internal sealed class UpdateStore(SlotPool pool, NodeJournal journal, UpdateSpool spool, RetryAdvice advice)
{
    public const string SpoolDurability = "spool";

    public long SlotBytes => pool.SlotBytes;

    public SlotPoolStatistics Statistics => pool.Statistics;

    /// <summary>Leases that have not ended; 0 when nothing is on its way.</summary>
    public int LiveLeases => pool.LiveLeases;

    public bool TryReserve(long length, out SlotWriteLease? lease) => pool.TryReserve(length, out lease, out _);

    /// <summary>When a sender that found no slot should come back.</summary>
    public TimeSpan RetryDelay() => advice.Next();

    /// <summary>Publishes the payload of a lease: spool first when the round asks for it, then slot, then journal.</summary>
    /// <exception cref="IOException">The spool or the journal could not be written; the slot is free again.</exception>
    public async ValueTask<UpdateCommitted> CommitAsync(
        SlotWriteLease lease, int length, ulong checksum, UpdateCommitted update, string durability, CancellationToken cancellationToken)
    {
        bool isSpooled = durability == SpoolDurability;
        if (isSpooled)
        {
            await spool.WriteAsync(update.Key, update.AssignmentId, lease.Memory[..length], isFlushed: true, cancellationToken);
        }

        CommittedSlot slot = lease.Commit(length, checksum);
        update = update with { SlotKey = Format(slot.Key) };
        try
        {
            long record = journal.UpdateStored(update);
            if (isSpooled)
            {
                await journal.FlushAsync(record, cancellationToken);
            }
        }
        catch
        {
            Free(update);
            throw;
        }

        return update;
    }

    /// <summary>Takes a stored update from its slot, or from the spool; null when neither has it.</summary>
    public StoredPayload? TryTake(UpdateCommitted update)
    {
        if (pool.TryTake(Parse(update.SlotKey), out SlotReadLease? lease, out _))
        {
            return new StoredPayload(lease);
        }

        return spool.Read(update) is { } spooled ? new StoredPayload(spooled) : null;
    }

    /// <summary>Whether so few slots are left that a retained update should leave its own.</summary>
    public bool IsShort => pool.Statistics is { Committed: var waiting, Taken: var read } && waiting + read > pool.SlotCount - RetentionReserve(pool.SlotCount);

    /// <summary>Slots that retained updates leave to uploads: without them a round that retains would refuse its own devices.</summary>
    public static int RetentionReserve(int slotCount) => Math.Max(1, slotCount / 4);

    /// <summary>Moves a retained update from its slot to the disk. It may be gone from the slot already; then nothing happens.</summary>
    /// <exception cref="IOException">The spool could not be written; the update is where it was.</exception>
    public async Task SpillAsync(UpdateCommitted update, CancellationToken cancellationToken)
    {
        if (!pool.TryTake(Parse(update.SlotKey), out SlotReadLease? lease, out _))
        {
            return;
        }

        using (lease)
        {
            if (!spool.Has(update))
            {
                await spool.WriteAsync(update.Key, update.AssignmentId, lease.Memory, isFlushed: false, cancellationToken);
            }

            lease.Release();
        }

        SlotFreed();
    }

    /// <summary>Whether a journalled update can still be read, byte for byte.</summary>
    public bool Holds(UpdateCommitted update)
    {
        if (pool.TryTake(Parse(update.SlotKey), out SlotReadLease? lease, out _))
        {
            using (lease)
            {
                if (lease.Length == update.Length && lease.Checksum == update.Checksum && lease.ChecksumMatches())
                {
                    return true;
                }

                // Nobody can use it any more.
                lease.Release();
            }
        }

        return spool.Holds(update);
    }

    /// <summary>Counts a slot as freed for the advice to refused senders.</summary>
    public void SlotFreed() => advice.SlotFreed();

    /// <summary>Frees the slot of an update if it still has one.</summary>
    public void Free(UpdateCommitted update)
    {
        if (pool.TryTake(Parse(update.SlotKey), out SlotReadLease? lease, out _))
        {
            lease.Release();
            SlotFreed();
        }
    }

    /// <summary>Frees what the pool holds and no journal record names: its device was never told "stored".</summary>
    /// <returns>How many slots.</returns>
    public int FreeOrphans()
    {
        HashSet<SlotKey> named = [.. journal.Recovered.Values.SelectMany(round => round.Updates.Values).Select(update => Parse(update.SlotKey))];
        int freed = 0;
        foreach (CommittedSlot slot in pool.EnumerateCommitted())
        {
            if (!named.Contains(slot.Key) && pool.TryTake(slot.Key, out SlotReadLease? lease, out _))
            {
                lease.Release();
                freed++;
            }
        }

        return freed;
    }

    public void DropSpool(RoundKey key) => spool.Drop(key);

    /// <summary>
    /// Closes the pool, and deletes it when no payload waits in it: a pool in <c>/dev/shm</c> is memory that nobody else would ever free.
    /// Call it while the journal is still open, which keeps the next process from using the pool.
    /// </summary>
    public void Close()
    {
        bool isEmpty = pool.Statistics.Free == pool.SlotCount;
        string folder = pool.Directory;
        pool.Dispose();
        if (isEmpty)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static string Format(SlotKey key)
    {
        Span<byte> bytes = stackalloc byte[SlotKey.Bytes];
        key.Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    internal static SlotKey Parse(string key) => SlotKey.Read(Convert.FromHexString(key));
}
