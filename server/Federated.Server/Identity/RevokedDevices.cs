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
    private readonly ConcurrentDictionary<DeviceIdentity, bool> _devices = new();

    public bool Contains(DeviceIdentity device)
    {
        return _devices.ContainsKey(device);
    }

    public void Add(DeviceIdentity device)
    {
        _devices[device] = true;
    }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = context.Devices.Where(device => device.RevokedAt != null).Select(device => new { device.TenantId, device.DeviceId });
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            Add(new DeviceIdentity(row.TenantId, row.DeviceId));
        }
    }
}
