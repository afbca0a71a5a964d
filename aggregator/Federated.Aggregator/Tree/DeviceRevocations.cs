using System.Collections.Concurrent;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Tree;

/// <summary>The devices whose tokens a node refuses although they have not expired, and how far the node's knowledge of them is without a gap.</summary>
public sealed class DeviceRevocations(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Tenant, string Device), long> _devices = new();
    private long _known;

    /// <summary>Unix milliseconds up to which every revocation is known.</summary>
    public long Known => Volatile.Read(ref _known);

    public bool Contains(string tenantId, string deviceId) => _devices.ContainsKey((tenantId, deviceId));

    public void Take(DevicesRevoked revoked)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        foreach (RevokedDevice device in revoked.Devices)
        {
            _devices[(device.TenantId, device.DeviceId)] = device.ForgetAfter;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (KeyValuePair<(string, string), long> old in _devices.Where(device => device.Value < now))
        {
            _devices.TryRemove(old);
        }

        // Events come in any order: only one that begins where the knowledge ends closes no gap by jumping over it.
        long known = Known;
        while (revoked.After <= known && revoked.Until > known)
        {
            long found = Interlocked.CompareExchange(ref _known, revoked.Until, known);
            known = found == known ? revoked.Until : found;
        }
    }
}
