namespace Federated.Coordination.Jobs;

/// <summary>A model's file on its way to a device; disposed when it has been sent.</summary>
internal sealed class ModelLease(SharedFile file) : IDisposable
{
    private SharedFile? _file = file;

    public ReadOnlyMemory<byte> Bytes { get; } = file.Bytes;

    public void Dispose() => Interlocked.Exchange(ref _file, null)?.Release();
}
