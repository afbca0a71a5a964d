using System.Globalization;
using Federated.Coordination.Persistence;
using Federated.Protocol.V1;
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

/// <summary>Rounds of a job: figures, tasks, failures.</summary>
internal static class RoundsApi
{
    // Cursor of a list of rounds: the number and the kind in one.
    private const int KindsPerRound = 16;

    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/rounds", ListAsync).WithSummary("Lists the rounds of a job.").ProducesValidationProblem().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/rounds/{round:int}", ReadAsync).WithSummary("Reads a round.").ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/rounds/{round:int}/assignments", AssignmentsAsync)
            .WithSummary("Lists the tasks of a round and what became of them.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/rounds/{round:int}/failures", RoundFailuresAsync)
            .WithSummary("Lists why devices did not deliver in a round.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/failures", FailuresAsync)
            .WithSummary("Lists why devices did not deliver, over all rounds of a job.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/metrics", MetricsAsync)
            .WithSummary("The figures of every closed round, for curves.")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Page<RoundView>>, ValidationProblem, ProblemHttpResult>> ListAsync(
        string jobId, [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var limit = page.Take(options.Value.PageSize);
        var rows = await InOrder(RoundsOf(context, jobId), after).Take(limit + 1).ToListAsync(cancellationToken);
        return rows.Count == 0 && !await ExistsAsync(context, jobId, cancellationToken)
            ? Problems.NotFound("job", jobId)
            : TypedResults.Ok(Page<RoundView>.Of(rows.ConvertAll(RoundView.Of), limit, round => Cursor(round.Round, round.Kind)));
    }

    private static async Task<Results<Ok<Page<RoundMetricsView>>, ValidationProblem, ProblemHttpResult>> MetricsAsync(
        string jobId, [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var limit = page.Take(options.Value.PageSize);
        var closed = RoundsOf(context, jobId).Where(row => row.State == RoundState.Closed && row.Counted != null);
        var rows = await InOrder(closed, after).Take(limit + 1).ToListAsync(cancellationToken);
        return rows.Count == 0 && !await ExistsAsync(context, jobId, cancellationToken)
            ? Problems.NotFound("job", jobId)
            : TypedResults.Ok(Page<RoundMetricsView>.Of(rows.ConvertAll(Metrics), limit, round => Cursor(round.Round, round.Kind)));
    }

    private static async Task<Results<Ok<RoundView>, ProblemHttpResult>> ReadAsync(
        string jobId, int round, [FromQuery] RoundKindQuery? kind, ServerContext context, CancellationToken cancellationToken)
    {
        var row = await FindAsync(context, jobId, round, kind?.Kind, cancellationToken);
        return row is null ? NoRound(jobId, round) : TypedResults.Ok(RoundView.Of(row));
    }

    private static async Task<Results<Ok<Page<AssignmentView>>, ValidationProblem, ProblemHttpResult>> AssignmentsAsync(
        string jobId, int round, [FromQuery] RoundKindQuery? kind, [AsParameters] PageQuery page, ServerContext context,
        IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (!page.TryReadNumber(-1, out var after, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        if (await FindAsync(context, jobId, round, kind?.Kind, cancellationToken) is not { } found)
        {
            return NoRound(jobId, round);
        }

        var limit = page.Take(options.Value.PageSize);
        var items = await context.Assignments
            .Where(row => row.TenantId == found.TenantId && row.JobId == jobId && row.Round == round && row.Kind == found.Kind && row.Number > after)
            .OrderBy(row => row.Number)
            .Take(limit + 1)
            .Select(row => new AssignmentView(
                row.AssignmentId, row.Number, row.DeviceId, row.Role, row.AssignedAt, row.Disposition, row.Reason, row.ModelVersion,
                row.Update!.Weight, row.Update.LocalSteps, row.Update.Bytes, row.Update.TrainingLoss, row.Update.TrainingSeconds,
                row.Update.Coefficient, row.Update.Trust, row.Update.BytesDown, row.Update.Contraction, row.Update.ErrorNorm, row.Update.Saturated))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<AssignmentView>.Of(items, limit, item => item.Number.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<Ok<Page<FailureView>>, ProblemHttpResult>> RoundFailuresAsync(
        string jobId, int round, [FromQuery] RoundKindQuery? kind, [AsParameters] PageQuery page, ServerContext context,
        IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        if (await FindAsync(context, jobId, round, kind?.Kind, cancellationToken) is not { } found)
        {
            return NoRound(jobId, round);
        }

        var failures = FailuresOf(context, jobId).Where(row => row.Round == round && row.RoundKind == found.Kind);
        return TypedResults.Ok(await PageOfFailuresAsync(failures, page, options.Value.PageSize, cancellationToken));
    }

    private static async Task<Results<Ok<Page<FailureView>>, ProblemHttpResult>> FailuresAsync(
        string jobId, [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        return await ExistsAsync(context, jobId, cancellationToken)
            ? TypedResults.Ok(await PageOfFailuresAsync(FailuresOf(context, jobId), page, options.Value.PageSize, cancellationToken))
            : Problems.NotFound("job", jobId);
    }

    private static async Task<Page<FailureView>> PageOfFailuresAsync(
        IQueryable<ClientFailureRow> failures, PageQuery page, int pageSize, CancellationToken cancellationToken)
    {
        var limit = page.Take(pageSize);
        var after = page.After ?? "";
        var items = await failures
            .Where(row => row.AssignmentId.CompareTo(after) > 0)
            .OrderBy(row => row.AssignmentId)
            .Take(limit + 1)
            .Select(row => new FailureView(row.AssignmentId, row.Round, row.RoundKind, row.DeviceId, row.Kind, row.Message, row.At))
            .ToListAsync(cancellationToken);
        return Page<FailureView>.Of(items, limit, item => item.AssignmentId);
    }

    private static RoundMetricsView Metrics(RoundRow row)
    {
        return new RoundMetricsView(
            row.Round, row.Kind, row.ClosedAt!.Value, (row.ClosedAt.Value - row.OpenedAt).TotalSeconds, row.Assigned!.Value, row.Counted!.Value,
            row.Failed!.Value, row.Weight!.Value, row.BytesUp!.Value, row.BytesDown!.Value, row.TrainingLoss, row.Loss, row.Accuracy, row.UpdateNorm, row.DownError);
    }

    private static IQueryable<RoundRow> RoundsOf(ServerContext context, string jobId)
    {
        return context.Rounds.AsNoTracking().Where(row => row.TenantId == Tenants.Default && row.JobId == jobId);
    }

    private static IQueryable<ClientFailureRow> FailuresOf(ServerContext context, string jobId)
    {
        return context.ClientFailures.AsNoTracking().Where(row => row.TenantId == Tenants.Default && row.JobId == jobId);
    }

    private static IQueryable<RoundRow> InOrder(IQueryable<RoundRow> rounds, long after)
    {
        return rounds
            .Where(row => ((long)row.Round * KindsPerRound) + (int)row.Kind > after)
            .OrderBy(row => row.Round)
            .ThenBy(row => row.Kind);
    }

    private static string Cursor(int round, TaskKind kind)
    {
        return (((long)round * KindsPerRound) + (int)kind).ToString(CultureInfo.InvariantCulture);
    }

    // Without a kind the training round is meant.
    private static Task<RoundRow?> FindAsync(
        ServerContext context, string jobId, int round, TaskKind? kind, CancellationToken cancellationToken)
    {
        var wanted = kind ?? TaskKind.Train;
        return RoundsOf(context, jobId).SingleOrDefaultAsync(row => row.Round == round && row.Kind == wanted, cancellationToken);
    }

    private static Task<bool> ExistsAsync(ServerContext context, string jobId, CancellationToken cancellationToken)
    {
        return context.Jobs.AnyAsync(row => row.TenantId == Tenants.Default && row.JobId == jobId, cancellationToken);
    }

    private static ProblemHttpResult NoRound(string jobId, int round)
    {
        return Problems.NotFound($"round of the job '{jobId}' with the number", round);
    }
}
