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
        var (round, kind) = (open?.Round ?? -1, open?.Kind ?? TaskKind.Unspecified);

        // Only an asynchronous job has assignments that are pending in a round that is closed.
        var assignments = await context.Assignments.AsNoTracking().Include(row => row.Update)
            .Where(row => row.TenantId == key.TenantId && row.JobId == key.JobId
                && ((row.Round == round && row.Kind == kind) || row.Disposition == AssignmentDisposition.Pending))
            .OrderBy(row => row.Round)
            .ThenBy(row => row.Number)
            .ToListAsync(cancellationToken);
        var failures = await FailuresAsync(context, key, assignments, cancellationToken);
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

    private static async Task<List<ClientFailureRow>> FailuresAsync(
        ServerContext context, JobKey key, List<AssignmentRow> assignments, CancellationToken cancellationToken)
    {
        if (assignments.Count == 0)
        {
            return [];
        }

        var oldest = assignments.Min(row => row.Round);
        var ids = assignments.Select(row => row.AssignmentId).ToHashSet(StringComparer.Ordinal);
        var rows = await context.ClientFailures.AsNoTracking()
            .Where(row => row.TenantId == key.TenantId && row.JobId == key.JobId && row.Round >= oldest)
            .ToListAsync(cancellationToken);
        return rows.FindAll(row => ids.Contains(row.AssignmentId));
    }
}
