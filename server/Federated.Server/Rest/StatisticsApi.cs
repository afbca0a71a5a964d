using System.Globalization;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Federated.Server.Rest.Contracts;
using Federated.Storage.Blobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Pooled statistics of the data of a job's devices.</summary>
internal static class StatisticsApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync)
            .WithSummary("The pooled statistics of the devices' data, by the model version at which they were taken.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Page<StatisticsView>>, ValidationProblem, ProblemHttpResult>> ListAsync(
        string jobId, [AsParameters] PageQuery page, ServerContext context, IBlobStore blobs, IOptions<AdministrationOptions> options,
        CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        if (!await context.Jobs.AnyAsync(row => row.TenantId == Tenants.Default && row.JobId == jobId, cancellationToken))
        {
            return Problems.NotFound("job", jobId);
        }

        var limit = page.Take(options.Value.PageSize);
        var rows = await context.Rounds.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.StatisticsBlobId != null && row.Round > after)
            .OrderBy(row => row.Round)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        var views = new List<StatisticsView>(rows.Count);
        foreach (var row in rows)
        {
            if (await ReadAsync(row, blobs, cancellationToken) is not { } statistics)
            {
                return TypedResults.Problem(
                    $"The model store has lost the statistics of version {row.Round}.", statusCode: StatusCodes.Status500InternalServerError);
            }

            views.Add(StatisticsView.Of(statistics, row.ClosedAt!.Value));
        }

        return TypedResults.Ok(Page<StatisticsView>.Of(views, limit, view => view.Version.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<PooledStatistics?> ReadAsync(RoundRow row, IBlobStore blobs, CancellationToken cancellationToken)
    {
        var bytes = await blobs.ReadAsync(BlobId.Parse(row.StatisticsBlobId!), cancellationToken);
        return bytes is null ? null : PooledStatistics.Parse(bytes);
    }
}
