using System.Globalization;
using Federated.Protocol.V1;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>How the aggregation rule of a job judged the updates of its devices.</summary>
internal static class TrustApi
{
    // Cursor: round and position in the cohort in one; a cohort has at most a million devices.
    private const long NumbersPerRound = 1 << 20;

    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/trust", ListAsync)
            .WithSummary("Lists how the aggregation rule judged the counted updates, by round; of one device over the rounds, or of one round.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Page<TrustView>>, ValidationProblem, ProblemHttpResult>> ListAsync(
        string jobId, [FromQuery] string? device, [FromQuery] int? round, [AsParameters] PageQuery page, ServerContext context,
        IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var judged = context.Assignments.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.Kind == TaskKind.Train && row.Update!.Trust != null);
        var limit = page.Take(options.Value.PageSize);
        var items = await judged
            .Where(row => (device == null || row.DeviceId == device) && (round == null || row.Round == round)
                && (row.Round * NumbersPerRound) + row.Number > after)
            .OrderBy(row => row.Round)
            .ThenBy(row => row.Number)
            .Take(limit + 1)
            .Select(row => new
            {
                row.Round,
                row.Number,
                row.AssignmentId,
                row.DeviceId,
                Trust = row.Update!.Trust!.Value,
                row.Update.Coefficient,
                Below = judged.Count(other => other.Round == row.Round && other.Update!.Trust < row.Update.Trust),
                Judged = judged.Count(other => other.Round == row.Round),
            })
            .ToListAsync(cancellationToken);
        if (items.Count == 0 && !await context.Jobs.AnyAsync(row => row.TenantId == Tenants.Default && row.JobId == jobId, cancellationToken))
        {
            return Problems.NotFound("job", jobId);
        }

        var views = items.ConvertAll(item => new TrustView(
            item.Round, item.Number, item.AssignmentId, item.DeviceId, item.Trust, item.Below / Math.Max(1.0, item.Judged - 1), item.Coefficient));
        return TypedResults.Ok(Page<TrustView>.Of(
            views, limit, item => ((item.Round * NumbersPerRound) + item.Number).ToString(CultureInfo.InvariantCulture)));
    }
}
