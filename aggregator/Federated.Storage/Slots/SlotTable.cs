using System.Diagnostics;
using System.Security.Cryptography;

namespace Federated.Storage.Slots;

/// <summary>
/// The state machine over the slot headers. Every transition is one compare-and-swap of the header word; the other
/// fields are written only by the one who holds the slot, before the word tells others to read them.
/// </summary>
internal sealed class SlotTable(PoolFile file)
{
    private readonly int _processId = Environment.ProcessId;

    public int SlotCount => file.Layout.SlotCount;

    /// <summary>Lowest slot first: few pages stay warm, and the number of slots ever used is the peak.</summary>
    public bool TryReserve(ushort owner, out SlotKey key)
    {
        for (var index = 0; index < SlotCount; index++)
        {
            ref var slot = ref file.Slot(index);
            var word = Load(ref slot);
            if (word.State != SlotState.Free || !word.IsLawful)
            {
                continue;
            }

            var reserved = word.NextGeneration(SlotState.Reserved, owner);
            if (!TryChange(ref slot, word, reserved))
            {
                continue;
            }

            slot.Magic = SlotHeader.ExpectedMagic;
            slot.LayoutVersion = PoolLayout.Version;
            slot.Nonce = NewNonce();
            slot.Length = 0;
            slot.Checksum = 0;
            slot.Seal = 0;
            slot.OwnerProcessId = _processId;
            key = new SlotKey(index, reserved.Generation, slot.Nonce);
            return true;
        }

        key = default;
        return false;
    }

    public CommittedSlot Commit(SlotKey key, ushort owner, int length, ulong checksum)
    {
        ref var slot = ref file.Slot(key.Index);
        slot.Length = length;
        slot.Checksum = checksum;
        slot.Seal = SlotHeader.ComputeSeal(key.Index, key.Generation, key.Nonce, length, checksum);
        Change(key, SlotState.Reserved, owner, SlotState.Committed);
        return new CommittedSlot(key, length, checksum);
    }

    public void Abort(SlotKey key, ushort owner) => Change(key, SlotState.Reserved, owner, SlotState.Free);

    public void Release(SlotKey key, ushort owner) => Change(key, SlotState.Taken, owner, SlotState.Free);

    public void Return(SlotKey key, ushort owner) => Change(key, SlotState.Taken, owner, SlotState.Committed);

    public SlotTakeOutcome TryTake(SlotKey key, ushort owner, out CommittedSlot taken)
    {
        taken = default;
        if ((uint)key.Index >= (uint)SlotCount)
        {
            return SlotTakeOutcome.Stale;
        }

        ref var slot = ref file.Slot(key.Index);
        while (true)
        {
            var word = Load(ref slot);
            if (word.Generation != key.Generation || word.State == SlotState.Free)
            {
                return SlotTakeOutcome.Stale;
            }

            if (word.IsLawful && word.State != SlotState.Committed)
            {
                return Volatile.Read(ref slot.Nonce) != key.Nonce ? SlotTakeOutcome.Stale
                    : word.State == SlotState.Taken ? SlotTakeOutcome.InUse : SlotTakeOutcome.NotCommitted;
            }

            if (!TryReadCommitted(key.Index, word, out var found))
            {
                if (TryFreeTorn(ref slot, word))
                {
                    return SlotTakeOutcome.Torn;
                }
            }
            else if (found.Key != key)
            {
                return SlotTakeOutcome.Stale;
            }
            else if (TryChange(ref slot, word, word.With(SlotState.Taken, owner)))
            {
                slot.OwnerProcessId = _processId;
                taken = found;
                return SlotTakeOutcome.Taken;
            }
        }
    }

    public List<CommittedSlot> Committed()
    {
        var slots = new List<CommittedSlot>();
        for (var index = 0; index < SlotCount; index++)
        {
            ref var slot = ref file.Slot(index);
            for (var word = Load(ref slot); word is { State: SlotState.Committed, IsLawful: true }; word = Load(ref slot))
            {
                if (TryReadCommitted(index, word, out var found))
                {
                    slots.Add(found);
                    break;
                }

                TryFreeTorn(ref slot, word);
            }
        }

        return slots;
    }

    /// <summary>Owners other than <paramref name="self"/> that hold a slot now.</summary>
    public SortedSet<ushort> OwnersExcept(ushort self)
    {
        var owners = new SortedSet<ushort>();
        for (var index = 0; index < SlotCount; index++)
        {
            var word = Load(ref file.Slot(index));
            if (word.IsLawful && word.Owner != 0 && word.Owner != self)
            {
                owners.Add(word.Owner);
            }
        }

        return owners;
    }

    /// <summary>The caller holds the lock of <paramref name="owner"/>, so nobody else acts under that number.</summary>
    public (int Freed, int Returned) ReclaimFrom(ushort owner)
    {
        var (freed, returned) = (0, 0);
        for (var index = 0; index < SlotCount; index++)
        {
            ref var slot = ref file.Slot(index);
            var word = Load(ref slot);
            if (!word.IsLawful || word.Owner != owner)
            {
                continue;
            }

            if (word.State == SlotState.Reserved && TryChange(ref slot, word, word.With(SlotState.Free)))
            {
                freed++;
            }
            else if (word.State == SlotState.Taken && TryChange(ref slot, word, word.With(SlotState.Committed)))
            {
                returned++;
            }
        }

        Interlocked.Add(ref file.Header.Reclaimed, freed + returned);
        return (freed, returned);
    }

    /// <summary>Frees slots whose word no transition can have written, and committed ones whose seal is broken.</summary>
    public int FreeTornSlots()
    {
        var torn = 0;
        for (var index = 0; index < SlotCount; index++)
        {
            ref var slot = ref file.Slot(index);
            var word = Load(ref slot);
            var damaged = !word.IsLawful || (word.State == SlotState.Committed && !TryReadCommitted(index, word, out _));
            if (damaged && TryFreeTorn(ref slot, word))
            {
                torn++;
            }
        }

        return torn;
    }

    public SlotPoolStatistics Count()
    {
        Span<int> states = stackalloc int[4];
        var peak = 0;
        for (var index = 0; index < SlotCount; index++)
        {
            var word = Load(ref file.Slot(index));
            states[(int)word.State & 3]++;
            peak += word.Generation != 0 ? 1 : 0;
        }

        ref var header = ref file.Header;
        return new SlotPoolStatistics(
            states[0], states[1], states[2], states[3], Volatile.Read(ref header.Reclaimed), Volatile.Read(ref header.Torn), peak);
    }

    private static SlotWord Load(ref SlotHeader slot) => new(Volatile.Read(ref slot.Word));

    private static bool TryChange(ref SlotHeader slot, SlotWord from, SlotWord to) =>
        Interlocked.CompareExchange(ref slot.Word, to.Raw, from.Raw) == from.Raw;

    private static ulong NewNonce()
    {
        Span<byte> nonce = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(nonce);
        return BitConverter.ToUInt64(nonce);
    }

    /// <summary>
    /// The fields may be overwritten while they are read. Then the seal does not fit and the word has moved on, so
    /// the caller's compare-and-swap on <paramref name="word"/> fails and it looks again.
    /// </summary>
    private bool TryReadCommitted(int index, SlotWord word, out CommittedSlot found)
    {
        var slot = file.Slot(index);
        found = default;
        if (!word.IsLawful
            || slot.Magic != SlotHeader.ExpectedMagic
            || slot.LayoutVersion != PoolLayout.Version
            || (ulong)slot.Length > (ulong)file.Layout.SlotBytes
            || slot.Seal != SlotHeader.ComputeSeal(index, word.Generation, slot.Nonce, slot.Length, slot.Checksum))
        {
            return false;
        }

        found = new CommittedSlot(new SlotKey(index, word.Generation, slot.Nonce), (int)slot.Length, slot.Checksum);
        return true;
    }

    private bool TryFreeTorn(ref SlotHeader slot, SlotWord word)
    {
        if (!TryChange(ref slot, word, word.With(SlotState.Free)))
        {
            return false;
        }

        Interlocked.Increment(ref file.Header.Torn);
        return true;
    }

    private void Change(SlotKey key, SlotState from, ushort owner, SlotState to)
    {
        Debug.Assert(from is SlotState.Reserved or SlotState.Taken, "Only held slots are changed by their holder.");
        var held = SlotWord.Create(from, owner, key.Generation);
        if (!TryChange(ref file.Slot(key.Index), held, held.With(to)))
        {
            throw new InvalidOperationException(
                $"Slot {key} is no longer {from} by owner {owner}: its header was damaged or its lock file removed.");
        }
    }
}
