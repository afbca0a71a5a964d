using Federated.Storage.Files;

namespace Federated.Storage.Slots;

/// <summary>
/// Identity of one open pool: a number whose lock file it holds. The kernel drops the lock when the process dies,
/// whatever the cause, after its mappings are gone; so "can I lock it?" is "is the owner dead?", without process
/// ids, which are reused and mean nothing in another container.
/// </summary>
internal sealed class SlotOwner : IDisposable
{
    /// <summary>Open pools on one file at the same time.</summary>
    public const int Most = 255;

    private readonly FileStream _lock;

    private SlotOwner(ushort number, FileStream heldLock)
    {
        Number = number;
        _lock = heldLock;
    }

    public ushort Number { get; }

    public static SlotOwner Register(string directory)
    {
        for (ushort number = 1; number <= Most; number++)
        {
            if (TryLock(directory, number) is not { } held)
            {
                continue;
            }

            using (var second = TryLock(directory, number))
            {
                if (second is null)
                {
                    return new SlotOwner(number, held);
                }
            }

            held.Dispose();
            throw new IOException(
                $"File locks have no effect in {directory}; a slot pool needs a local file system and file locking switched on.");
        }

        throw new IOException($"None of the {Most} owner numbers of the slot pool in {directory} can be locked.");
    }

    /// <summary>The lock of a dead or absent owner, which keeps others from taking the number; null when it lives.</summary>
    public static FileStream? TryLock(string directory, ushort number)
    {
        try
        {
            return PrivateFile.Open(
                PoolDirectory.OwnerPath(directory, number), FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException)
        {
            // Whatever keeps us from locking, the safe answer is that the owner lives.
            return null;
        }
    }

    public void Dispose() => _lock.Dispose();
}
