using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Federated.Storage.Files;

namespace Federated.Storage.Slots;

/// <summary>
/// Fixed-size payload slots in a memory-mapped file that the processes of one node share: reserve, commit, take,
/// release. docs/shared-memory-layout.md draws the bytes and the state machine. Safe for many threads and processes;
/// a lease is not.
/// </summary>
public sealed class SlotPool : IDisposable
{
    private readonly PoolFile _file;
    private readonly SlotTable _slots;
    private readonly SlotOwner _owner;
    private readonly string _directory;
    private readonly bool _deleteOnDispose;
    private int _users = 1;
    private int _disposed;

    private SlotPool(PoolFile file, SlotOwner owner, string directory, bool deleteOnDispose)
    {
        _file = file;
        PoolId = file.Header.PoolId;
        _slots = new SlotTable(file);
        _owner = owner;
        _directory = directory;
        _deleteOnDispose = deleteOnDispose;
    }

    /// <summary>Folder of the pool: the file <c>slots</c> and one lock file per owner.</summary>
    public string Directory => _directory;

    /// <summary>Random identity of the shared file; a journal that names slots also names this.</summary>
    public Guid PoolId { get; }

    /// <summary>Most payload bytes of one slot.</summary>
    public int SlotBytes => _file.Layout.SlotBytes;

    public int SlotCount => _file.Layout.SlotCount;

    /// <summary>Leases handed out by this instance and not ended; 0 at the end of a test, or something leaks.</summary>
    public int LiveLeases => Volatile.Read(ref _users) - (Volatile.Read(ref _disposed) == 0 ? 1 : 0);

    /// <summary>Counts the slots of all processes.</summary>
    public SlotPoolStatistics Statistics => WhileMapped(slots => slots.Count());

    /// <summary>Opens the pool of that name, or creates it. It frees torn slots; it reclaims only when asked.</summary>
    /// <exception cref="ValidationException">The options are out of range.</exception>
    /// <exception cref="InvalidDataException">The file has another layout version, size or magic.</exception>
    /// <exception cref="IOException">No room for the file, or file locks do not work there.</exception>
    public static SlotPool Open(SlotPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Slot pools are little-endian.");
        }

        var layout = new PoolLayout(options.SlotCount, options.SlotBytes);
        var directory = PoolDirectory.Resolve(options, layout.FileBytes);
        PrivateFile.CreateDirectory(directory);
        var owner = SlotOwner.Register(directory);
        try
        {
            var file = PoolFile.Open(PoolDirectory.SlotsPath(directory), layout, owner.Number, options.PreTouch);
            var pool = new SlotPool(file, owner, directory, options.DeleteOnDispose);

            // The number may have belonged to a process that died holding slots.
            pool._slots.ReclaimFrom(owner.Number);
            pool._slots.FreeTornSlots();
            return pool;
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <summary>Gets a free slot for <paramref name="length"/> bytes at most; never waits.</summary>
    public bool TryReserve(
        long length, [NotNullWhen(true)] out SlotWriteLease? lease, out SlotReserveOutcome outcome)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        AddUser();
        lease = null;
        if (length > SlotBytes)
        {
            outcome = SlotReserveOutcome.TooLarge;
        }
        else if (!_slots.TryReserve(_owner.Number, out var key))
        {
            outcome = SlotReserveOutcome.Full;
        }
        else
        {
            lease = new SlotWriteLease(this, key, _file.Payload(key.Index, (int)length), (int)length);
            outcome = SlotReserveOutcome.Reserved;
            return true;
        }

        RemoveUser();
        return false;
    }

    /// <summary>Becomes the only reader of a committed payload. Checks generation, nonce, length and header seal.</summary>
    public bool TryTake(SlotKey key, [NotNullWhen(true)] out SlotReadLease? lease, out SlotTakeOutcome outcome)
    {
        AddUser();
        outcome = _slots.TryTake(key, _owner.Number, out var taken);
        if (outcome != SlotTakeOutcome.Taken)
        {
            lease = null;
            RemoveUser();
            return false;
        }

        lease = new SlotReadLease(this, taken, _file.Payload(key.Index, taken.Length));
        return true;
    }

    /// <summary>
    /// Every payload that waits for a reader now, in slot order. Committed payloads belong to the pool and outlive
    /// their writer, so a restarted gateway finds here what its journal may name.
    /// </summary>
    public IReadOnlyList<CommittedSlot> EnumerateCommitted() => WhileMapped(slots => slots.Committed());

    /// <summary>
    /// Takes slots back from owners that live no more: what they were writing becomes free, what they were reading
    /// becomes committed again.
    /// </summary>
    public SlotReclaim ReclaimDeadOwners() => WhileMapped(slots =>
    {
        var (owners, freed, returned) = (0, 0, 0);
        foreach (var number in slots.OwnersExcept(_owner.Number))
        {
            using var dead = SlotOwner.TryLock(_directory, number);
            if (dead is null)
            {
                continue;
            }

            var (freedNow, returnedNow) = slots.ReclaimFrom(number);
            owners++;
            freed += freedNow;
            returned += returnedNow;
        }

        return new SlotReclaim(owners, freed, returned, slots.FreeTornSlots());
    });

    /// <summary>Closes the pool for new leases. The file stays mapped and the owner alive until the last lease ends.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            RemoveUser();
        }
    }

    internal CommittedSlot EndByCommit(SlotKey key, int length, ulong checksum)
    {
        try
        {
            return _slots.Commit(key, _owner.Number, length, checksum);
        }
        finally
        {
            RemoveUser();
        }
    }

    internal void EndByAbort(SlotKey key) => End(key, _slots.Abort);

    internal void EndByRelease(SlotKey key) => End(key, _slots.Release);

    internal void EndByReturn(SlotKey key) => End(key, _slots.Return);

    private void End(SlotKey key, Action<SlotKey, ushort> transition)
    {
        try
        {
            transition(key, _owner.Number);
        }
        finally
        {
            RemoveUser();
        }
    }

    private T WhileMapped<T>(Func<SlotTable, T> read)
    {
        AddUser();
        try
        {
            return read(_slots);
        }
        finally
        {
            RemoveUser();
        }
    }

    /// <summary>The instance itself is one user until it is disposed; 0 users means unmapped, and never rises again.</summary>
    private void AddUser()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var users = Volatile.Read(ref _users);
        while (users != 0)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return;
            }

            users = seen;
        }

        throw new ObjectDisposedException(nameof(SlotPool));
    }

    private void RemoveUser()
    {
        if (Interlocked.Decrement(ref _users) != 0)
        {
            return;
        }

        _file.Dispose();
        _owner.Dispose();
        if (_deleteOnDispose)
        {
            System.IO.Directory.Delete(_directory, recursive: true);
        }
    }
}
