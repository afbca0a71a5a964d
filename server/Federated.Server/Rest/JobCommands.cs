using Federated.Coordination.Jobs;
using Federated.Server.Administration;
using Federated.Server.Database;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Rest;

/// <summary>Says why a command to a job was not carried out.</summary>
internal static class JobCommands
{
    public static async Task<ProblemHttpResult?> RefusalAsync(
        JobCommandOutcome outcome, string jobId, ServerContext context, CancellationToken cancellationToken)
    {
        switch (outcome)
        {
            case JobCommandOutcome.Done:
                return null;
            case JobCommandOutcome.UnknownVersion:
                return TypedResults.Problem($"The job '{jobId}' has no such model version.", statusCode: StatusCodes.Status404NotFound);
            case JobCommandOutcome.Unavailable:
                return TypedResults.Problem(
                    $"The coordinator of the job '{jobId}' is starting; try again in a moment.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        var status = await context.Jobs
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId)
            .Select(row => new { row.Status })
            .SingleOrDefaultAsync(cancellationToken);
        return status is null ? Problems.NotFound("job", jobId) : Problems.Conflict($"The job '{jobId}' is {status.Status}.");
    }
}
