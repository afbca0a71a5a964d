using System.Text;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.V1;
using Federated.Server.Administration;
using Federated.Server.Database;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Rest;

/// <summary>What arrived at an asynchronous job: how stale it was, and what never counts.</summary>
internal static class ArrivalsApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/arrivals", ReadAsync)
            .WithSummary("Counts the arrivals of an asynchronous job by staleness, and what was discarded by reason.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<ArrivalsView>, ProblemHttpResult>> ReadAsync(
        string jobId, ServerContext context, CancellationToken cancellationToken)
    {
        var job = await context.Jobs.AsNoTracking()
            .SingleOrDefaultAsync(row => row.TenantId == Tenants.Default && row.JobId == jobId, cancellationToken);
        if (job is null)
        {
            return Problems.NotFound("job", jobId);
        }

        var algorithm = JobDefinition.Parse(Encoding.UTF8.GetBytes(job.Definition)).Algorithm.Name;
        if (!AnarchicAlgorithms.BuiltIn.Has(algorithm))
        {
            return Problems.Conflict($"Job '{jobId}' works in rounds ('{algorithm}'); see its rounds and metrics.");
        }

        var tasks = context.Assignments.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.Kind == TaskKind.Train);

        // A task belongs to the round that was open when it was given out; the version that counts it has the number of its own round.
        var counted = tasks.Where(row => row.Disposition == AssignmentDisposition.Counted);
        var staleness = await counted
            .GroupBy(row => row.ModelVersion!.Value - row.Round)
            .Select(group => new StalenessCount(group.Key, group.Count()))
            .ToListAsync(cancellationToken);
        var discarded = await tasks
            .Where(row => row.Disposition == AssignmentDisposition.Discarded)
            .Select(row => context.ClientFailures
                .Where(failure => failure.TenantId == row.TenantId && failure.AssignmentId == row.AssignmentId)
                .Select(failure => failure.Kind)
                .FirstOrDefault() ?? row.Reason ?? "")
            .GroupBy(reason => reason)
            .Select(group => new ReasonCount(group.Key, group.Count()))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new ArrivalsView(
            await counted.Select(row => row.ModelVersion).Distinct().CountAsync(cancellationToken),
            staleness.Sum(count => count.Updates),
            await tasks.CountAsync(row => row.Disposition == AssignmentDisposition.Pending, cancellationToken),
            [.. staleness.OrderBy(count => count.Behind)],
            [.. discarded.OrderByDescending(count => count.Tasks).ThenBy(count => count.Reason, StringComparer.Ordinal)]));
    }
}
