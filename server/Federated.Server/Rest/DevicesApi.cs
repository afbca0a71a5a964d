using System.Security.Claims;
using Federated.Coordination.Jobs;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Federated.Server.Identity;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Devices.</summary>
internal static class DevicesApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync).WithSummary("Lists the devices, oldest first.");
        group.MapGet("/{deviceId}", ReadAsync).WithSummary("Reads a device.").ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/{deviceId}/revoke", RevokeAsync)
            .WithSummary("Revokes a device at once and for ever: its access tokens are refused from now on.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Page<DeviceView>>> ListAsync(
        [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        var limit = page.Take(options.Value.PageSize);
        var after = page.After ?? "";
        var rows = await context.Devices.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.DeviceId.CompareTo(after) > 0)
            .OrderBy(row => row.DeviceId)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<DeviceView>.Of(rows.ConvertAll(View), limit, device => device.DeviceId));
    }

    private static async Task<Results<Ok<DeviceView>, ProblemHttpResult>> ReadAsync(
        string deviceId, ServerContext context, CancellationToken cancellationToken)
    {
        var row = await context.Devices.AsNoTracking()
            .SingleOrDefaultAsync(row => row.TenantId == Tenants.Default && row.DeviceId == deviceId, cancellationToken);
        return row is null ? Problems.NotFound("device", deviceId) : TypedResults.Ok(View(row));
    }

    private static async Task<Results<Ok<DeviceView>, ProblemHttpResult>> RevokeAsync(
        string deviceId, ClaimsPrincipal actor, ServerContext context, RevokedDevices revoked, JobDirectory jobs, AuditLog audit, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var row = await context.Devices
            .SingleOrDefaultAsync(row => row.TenantId == Tenants.Default && row.DeviceId == deviceId, cancellationToken);
        if (row is null)
        {
            return Problems.NotFound("device", deviceId);
        }

        if (row.RevokedAt is null)
        {
            row.RevokedAt = time.GetUtcNow();
            await context.SaveChangesAsync(cancellationToken);
            var device = new DeviceIdentity(row.TenantId, deviceId);
            revoked.Add(device, row.RevokedAt.Value);
            jobs.Devices.DeviceRevoked(device);
            await audit.RecordAsync(actor, "device.revoke", deviceId, "", cancellationToken);
        }

        return TypedResults.Ok(View(row));
    }

    private static DeviceView View(DeviceRow row)
    {
        return new DeviceView(row.DeviceId, row.DisplayName, row.SdkVersion, row.EnrolledAt, row.EnrolmentTokenId, row.RevokedAt);
    }
}
