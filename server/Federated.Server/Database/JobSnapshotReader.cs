using Federated.Coordination.Persistence;
using Federated.Protocol.V1;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Database;

/// <summary>Reads what a coordinator needs to go on with a job, inside the caller's transaction.</summary>
internal static class JobSnapshotReader
{
    public static async Task<JobSnapshot> ReadAsync(ServerContext context, JobKey key, CancellationToken cancellationToken)
    {
        var job = await context.Jobs.AsNoTracking().SingleAsync(
            row => row.TenantId == key.TenantId && row.JobId == key.JobId, cancellationToken);
        var current = await context.ModelVersions.AsNoTracking().SingleAsync(
            row => row.TenantId == key.TenantId && row.JobId == key.JobId && row.Version == job.CurrentVersion, cancellationToken);

        // The round that made the current version has that version's number.
        var rounds = await context.Rounds.AsNoTracking()
            .Where(row => row.TenantId == key.TenantId && row.JobId == key.JobId
                && (row.BaseVersion == job.CurrentVersion || row.Round == job.CurrentVersion || row.State == RoundState.Open))
            .ToListAsync(cancellationToken);
        var open = rounds.SingleOrDefault(row => row.State == RoundState.Open);
        var assignments = open is null ? [] : await AssignmentsAsync(context, open, cancellationToken);
        var failures = open is null ? [] : await FailuresAsync(context, open, cancellationToken);
        var statistics = context.Rounds.AsNoTracking().Where(row =>
            row.TenantId == key.TenantId && row.JobId == key.JobId && row.Kind == TaskKind.Statistics);
        var lastPooled = await statistics.Where(row => row.State == RoundState.Closed).MaxAsync(row => (int?)row.Round, cancellationToken) ?? -1;
        var failedStatistics = await statistics.CountAsync(row => row.State == RoundState.Abandoned && row.Round > lastPooled, cancellationToken);
        return new JobSnapshot(
            RowMapping.ToRecord(job),
            RowMapping.ToRecord(current),
            rounds.ConvertAll(RowMapping.ToRecord),
            assignments.ConvertAll(RowMapping.ToRecord),
            failures.ConvertAll(RowMapping.ToRecord),
            failedStatistics);
    }

    private static Task<List<AssignmentRow>> AssignmentsAsync(ServerContext context, RoundRow round, CancellationToken cancellationToken)
    {
        return context.Assignments.AsNoTracking().Include(row => row.Update)
            .Where(row => row.TenantId == round.TenantId && row.JobId == round.JobId && row.Round == round.Round && row.Kind == round.Kind)
            .OrderBy(row => row.Number)
            .ToListAsync(cancellationToken);
    }

    private static Task<List<ClientFailureRow>> FailuresAsync(ServerContext context, RoundRow round, CancellationToken cancellationToken)
    {
        return context.ClientFailures.AsNoTracking()
            .Where(row => row.TenantId == round.TenantId && row.JobId == round.JobId && row.Round == round.Round && row.RoundKind == round.Kind)
            .ToListAsync(cancellationToken);
    }
}
