using System.Globalization;
using System.Security.Claims;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Rest.Contracts;
using Federated.Storage.Blobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Model versions of a job.</summary>
internal static class VersionsApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync).WithSummary("Lists the model versions of a job.").ProducesValidationProblem().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{version:int}/model", DownloadAsync)
            .WithSummary("Downloads a model version as a safetensors file; ranges are supported.")
            .Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/{version:int}/roll-back", RollBackAsync)
            .WithSummary("Makes the parameters of an earlier version current again, as a version with a number of its own; the open round is abandoned.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Page<VersionView>>, ValidationProblem, ProblemHttpResult>> ListAsync(
        string jobId, [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var limit = page.Take(options.Value.PageSize);
        var rows = await context.ModelVersions.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.Version > after)
            .OrderBy(row => row.Version)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);

        // Every job has a version 0.
        return rows.Count == 0 && page.After is null
            ? Problems.NotFound("job", jobId)
            : TypedResults.Ok(Page<VersionView>.Of(
                rows.ConvertAll(VersionView.Of), limit, version => version.Version.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> DownloadAsync(
        string jobId, int version, IJobStore store, IBlobStore blobs, CancellationToken cancellationToken)
    {
        if (await store.FindVersionAsync(new JobKey(Tenants.Default, jobId), version, cancellationToken) is not { } found)
        {
            return Problems.NotFound($"model version of the job '{jobId}' with the number", version);
        }

        var stream = await blobs.OpenReadAsync(BlobId.Parse(found.BlobId), 0, cancellationToken);
        return stream is null
            ? TypedResults.Problem($"The model store has lost the file of version {version}.", statusCode: StatusCodes.Status500InternalServerError)
            : TypedResults.Stream(
                stream, "application/octet-stream", $"{jobId}-{version}.safetensors", found.CreatedAt, enableRangeProcessing: true);
    }

    private static async Task<Results<Ok<VersionView>, ProblemHttpResult>> RollBackAsync(
        string jobId, int version, ClaimsPrincipal actor, JobDirectory jobs, ServerContext context, AuditLog audit, CancellationToken cancellationToken)
    {
        var outcome = await jobs.RollBackAsync(new JobKey(Tenants.Default, jobId), version, cancellationToken);
        if (await JobCommands.RefusalAsync(outcome, jobId, context, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await audit.RecordAsync(actor, "job.roll-back", jobId, version.ToString(CultureInfo.InvariantCulture), cancellationToken);
        var row = await context.ModelVersions.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.JobId == jobId && row.Origin == ModelVersionOrigin.RollBack)
            .OrderByDescending(row => row.Version)
            .FirstAsync(cancellationToken);
        return TypedResults.Ok(VersionView.Of(row));
    }
}
