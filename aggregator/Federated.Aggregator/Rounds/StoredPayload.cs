using Federated.Aggregator.Journal;
using Federated.Storage.Slots;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// The bytes of a stored update in the hands of its one reader, who releases them when they are used up. A payload from
/// a slot is recovered by the next process when its reader dies before that.
/// </summary>
internal sealed class StoredPayload
{
    private readonly SlotReadLease? _lease;
    private readonly SpooledPayload? _spooled;

    public StoredPayload(SlotReadLease lease) => _lease = lease;

    public StoredPayload(SpooledPayload spooled) => _spooled = spooled;

    public ReadOnlyMemory<byte> Memory => _lease?.Memory ?? _spooled!.Memory;

    /// <summary>Ends the reading and leaves the bytes where they are, for the next reader.</summary>
    public void PutBack()
    {
        _lease?.Dispose();
        _spooled?.Release();
    }

    public void Release()
    {
        _lease?.Release();
        _spooled?.Release();
    }
}
