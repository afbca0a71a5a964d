using System.ComponentModel;
using System.Security.Claims;
using System.Text;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Jobs.</summary>
internal static class JobsApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync).WithSummary("Lists the jobs, oldest first.");
        group.MapPost("/", CreateAsync).WithSummary("Creates a job from its definition and starts it.").ProducesValidationProblem();
        group.MapGet("/{jobId}", ReadAsync).WithSummary("Reads a job.").ProducesProblem(StatusCodes.Status404NotFound);
        MapCommand(group, "pause", "Lets the open round finish and opens no other.", (jobs, key, token) => jobs.PauseAsync(key, token));
        MapCommand(group, "resume", "Goes on with a paused job.", (jobs, key, token) => jobs.ResumeAsync(key, token));
        MapCommand(group, "stop", "Ends a job for good; its open round is abandoned.", (jobs, key, token) => jobs.StopJobAsync(key, token));
    }

    private static void MapCommand(
        RouteGroupBuilder group, string verb, string summary, Func<JobDirectory, JobKey, CancellationToken, Task<JobCommandOutcome>> command)
    {
        group.MapPost("/{jobId}/" + verb, async Task<Results<Ok<JobView>, ProblemHttpResult>> (
                string jobId, ClaimsPrincipal actor, JobDirectory jobs, ServerContext context, AuditLog audit, CancellationToken cancellationToken) =>
            {
                var outcome = await command(jobs, new JobKey(Tenants.Default, jobId), cancellationToken);
                if (await JobCommands.RefusalAsync(outcome, jobId, context, cancellationToken) is { } refusal)
                {
                    return refusal;
                }

                await audit.RecordAsync(actor, "job." + verb, jobId, "", cancellationToken);
                return TypedResults.Ok((await FindAsync(jobId, jobs, context, cancellationToken))!);
            })
            .WithSummary(summary)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Ok<Page<JobView>>> ListAsync(
        [AsParameters] PageQuery page, JobDirectory jobs, ServerContext context, IOptions<AdministrationOptions> options,
        CancellationToken cancellationToken)
    {
        var limit = page.Take(options.Value.PageSize);
        var after = page.After ?? "";
        var rows = await WithVersions(context)
            .Where(pair => pair.Job.JobId.CompareTo(after) > 0)
            .OrderBy(pair => pair.Job.JobId)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<JobView>.Of(rows.ConvertAll(pair => View(pair, jobs)), limit, job => job.JobId));
    }

    private static async Task<Results<Ok<JobView>, ProblemHttpResult>> ReadAsync(
        string jobId, JobDirectory jobs, ServerContext context, CancellationToken cancellationToken)
    {
        return await FindAsync(jobId, jobs, context, cancellationToken) is { } job ? TypedResults.Ok(job) : Problems.NotFound("job", jobId);
    }

    private static async Task<Results<Created<JobView>, ValidationProblem>> CreateAsync(
        JobDefinition definition,
        [FromQuery, Description("The blob id of an uploaded model. May be missing for a linear model that names its size.")] string? initialModel,
        ClaimsPrincipal actor,
        JobCreation creation,
        JobDirectory jobs,
        ServerContext context,
        AuditLog audit,
        CancellationToken cancellationToken)
    {
        var result = await creation.CreateAsync(definition, initialModel, cancellationToken);
        if (result.Job is not { } job)
        {
            return TypedResults.ValidationProblem(result.Errors
                .GroupBy(error => error.Path)
                .ToDictionary(group => group.Key, group => group.Select(error => error.Message).ToArray()));
        }

        await audit.RecordAsync(actor, "job.create", job.Key.JobId, definition.Name, cancellationToken);
        return TypedResults.Created(
            $"{RestApi.Prefix}/jobs/{job.Key.JobId}", (await FindAsync(job.Key.JobId, jobs, context, cancellationToken))!);
    }

    private static async Task<JobView?> FindAsync(string jobId, JobDirectory jobs, ServerContext context, CancellationToken cancellationToken)
    {
        var pair = await WithVersions(context).SingleOrDefaultAsync(pair => pair.Job.JobId == jobId, cancellationToken);
        return pair is null ? null : View(pair, jobs);
    }

    private static IQueryable<JobWithVersion> WithVersions(ServerContext context)
    {
        return
            from job in context.Jobs.AsNoTracking()
            join version in context.ModelVersions.AsNoTracking()
                on new { job.TenantId, job.JobId, Version = job.CurrentVersion } equals new { version.TenantId, version.JobId, version.Version }
            where job.TenantId == Tenants.Default
            select new JobWithVersion { Job = job, TrainingRounds = version.TrainingRounds };
    }

    private static JobView View(JobWithVersion pair, JobDirectory jobs)
    {
        var row = pair.Job;
        return new JobView(
            row.JobId, row.Name, row.Status, row.StatusReason, row.CreatedAt, row.CurrentVersion, pair.TrainingRounds, row.StateEpoch,
            JobDefinition.Parse(Encoding.UTF8.GetBytes(row.Definition)),
            JobProgressView.Of(jobs.Progress(new JobKey(row.TenantId, row.JobId))));
    }

    private sealed class JobWithVersion
    {
        public required JobRow Job { get; init; }

        public required int TrainingRounds { get; init; }
    }
}
