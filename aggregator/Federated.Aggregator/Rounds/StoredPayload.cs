using Federated.Storage.Slots;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// The bytes of a stored update in the hands of its one reader. <see cref="Release"/> says that they are used up; disposing without
/// it puts them back.
/// </summary>
internal sealed class StoredPayload : IDisposable
{
    private readonly SlotReadLease? _lease;
    private readonly byte[] _spooled = [];

    public StoredPayload(SlotReadLease lease) => _lease = lease;

    public StoredPayload(byte[] spooled) => _spooled = spooled;

    public ReadOnlySpan<byte> Bytes => _lease is null ? _spooled : _lease.Bytes;

    public void Release() => _lease?.Release();

    public void Dispose() => _lease?.Dispose();
}
