using System.Buffers;

namespace Federated.Client.Transfer;

/// <summary>The payload of one message of a download, in rented memory that the receiver gives back.</summary>
internal sealed class DownloadPiece(byte[] rented, int length) : IDisposable
{
    private byte[]? _rented = rented;

    public ReadOnlyMemory<byte> Data => _rented.AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
