using System.Security.Claims;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Administration;

/// <summary>Records administrative acts.</summary>
internal sealed class AuditLog(IDbContextFactory<ServerContext> contexts, TimeProvider time)
{
    public async Task RecordAsync(ClaimsPrincipal actor, string act, string subject, string detail, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.AuditLog.Add(new AuditRow
        {
            TenantId = Tenants.Default,
            At = time.GetUtcNow(),
            Actor = actor.Identity?.Name ?? "unknown",
            Act = act,
            Subject = subject,
            Detail = detail,
        });
        await context.SaveChangesAsync(cancellationToken);
    }
}
