using System.Buffers;

namespace Federated.Coordination.Jobs;

/// <summary>
/// A file in rented memory for several users, each of whom releases it once; the memory goes back to the pool with the last of them. A user
/// that never does leaves it to the garbage collector.
/// </summary>
internal sealed class SharedFile(byte[] rented, int length)
{
    private int _users = 1;

    public ReadOnlyMemory<byte> Bytes => rented.AsMemory(0, length);

    /// <summary>One user more; the caller is one itself.</summary>
    public SharedFile Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
