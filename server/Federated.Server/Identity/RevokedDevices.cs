using System.Collections.Concurrent;
using Federated.Coordination.Jobs;
using Federated.Server.Database;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Identity;

/// <summary>
/// The revoked devices, in memory, because every call asks. The one server of a database is the only one that revokes,
/// so the set is loaded once and then kept.
/// </summary>
internal sealed class RevokedDevices(IDbContextFactory<ServerContext> contexts)
{
    private readonly ConcurrentDictionary<DeviceIdentity, long> _devices = new();
    private long _latest;

    /// <summary>Told of each device that is revoked, with the time of the latest revocation before, in Unix milliseconds.</summary>
    public event Action<long>? Added;

    /// <summary>Unix milliseconds of the latest revocation; 0 for none.</summary>
    public long Latest => Volatile.Read(ref _latest);

    public bool Contains(DeviceIdentity device)
    {
        return _devices.ContainsKey(device);
    }

    public void Add(DeviceIdentity device, DateTimeOffset revokedAt)
    {
        var before = Latest;
        Put(device, revokedAt);
        Added?.Invoke(before);
    }

    /// <summary>The devices revoked at that time or later, in Unix milliseconds, in the order of time.</summary>
    public IReadOnlyList<(DeviceIdentity Device, long RevokedAt)> Since(long time)
    {
        return [.. _devices.Where(device => device.Value >= time).OrderBy(device => device.Value).Select(device => (device.Key, device.Value))];
    }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = context.Devices.Where(device => device.RevokedAt != null)
            .Select(device => new { device.TenantId, device.DeviceId, device.RevokedAt });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Put(new DeviceIdentity(row.TenantId, row.DeviceId), row.RevokedAt!.Value);
        }
    }

    private void Put(DeviceIdentity device, DateTimeOffset revokedAt)
    {
        var time = revokedAt.ToUnixTimeMilliseconds();
        _devices[device] = time;
        for (var latest = Latest; time > latest;)
        {
            var found = Interlocked.CompareExchange(ref _latest, time, latest);
            latest = found == latest ? time : found;
        }
    }
}
