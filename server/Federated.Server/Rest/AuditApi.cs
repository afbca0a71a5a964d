using System.Globalization;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>The audit log.</summary>
internal static class AuditApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync).WithSummary("Lists administrative acts, oldest first.").ProducesValidationProblem();
    }

    private static async Task<Results<Ok<Page<AuditView>>, ValidationProblem>> ListAsync(
        [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        var limit = page.Take(options.Value.PageSize);
        if (!page.TryReadNumber(0, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var items = await context.AuditLog
            .Where(row => row.TenantId == Tenants.Default && row.AuditId > after)
            .OrderBy(row => row.AuditId)
            .Take(limit + 1)
            .Select(row => new AuditView(row.AuditId, row.At, row.Actor, row.Act, row.Subject, row.Detail))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<AuditView>.Of(items, limit, item => item.AuditId.ToString(CultureInfo.InvariantCulture)));
    }
}
