using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Server.Database;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Devices;

/// <summary>Knows when a device that works for any job of its tenant has come to the end of its work.</summary>
internal sealed class FinishedWork(IDbContextFactory<ServerContext> contexts)
{
    public async Task<bool> IsAllAsync(DeviceIdentity device, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var isAnyJobActive = await context.Jobs.AnyAsync(
            row => row.TenantId == device.TenantId && (row.Status == JobStatus.Running || row.Status == JobStatus.Paused), cancellationToken);
        return !isAnyJobActive && await context.Assignments.AnyAsync(
            row => row.TenantId == device.TenantId && row.DeviceId == device.DeviceId, cancellationToken);
    }
}
