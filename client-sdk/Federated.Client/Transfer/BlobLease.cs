using System.Buffers;

namespace Federated.Client.Transfer;

/// <summary>A verified blob in rented memory; whoever holds the lease disposes it.</summary>
internal sealed class BlobLease(byte[] rented, int length) : IDisposable
{
    private byte[]? _rented = rented;

    public ReadOnlyMemory<byte> Bytes => Memory;

    /// <summary>To be filled, before anybody else has the lease.</summary>
    public Memory<byte> Memory => (_rented ?? throw new ObjectDisposedException(nameof(BlobLease))).AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
