using Federated.Coordination.Persistence;
using Federated.Coordination.Selection;
using Federated.Protocol.V1;
using Federated.Server.Database.Rows;
using Federated.Server.Database.Statements;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Database;

/// <summary>
/// The durable facts about jobs. Every guarded write starts with one UPDATE of the job's row that compares the writer
/// epoch: it locks the row until the transaction ends, so no other writer can take the job over in between.
/// </summary>
internal sealed class EfJobStore(ServerContextFactory contexts) : IJobStore
{
    private readonly RoundTransactions _rounds = new(contexts);

    public async Task<bool> CreateAsync(JobRecord job, ModelVersionRecord initial, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.Jobs.Add(RowMapping.ToRow(job));
        context.ModelVersions.Add(RowMapping.ToRow(initial));
        try
        {
            await context.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException exception) when (UniqueViolation.Is(exception))
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<JobKey>> ListActiveAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Jobs
            .Where(row => row.Status == JobStatus.Running || row.Status == JobStatus.Paused)
            .OrderBy(row => row.CreatedAt)
            .Select(row => new JobKey(row.TenantId, row.JobId))
            .ToListAsync(cancellationToken);
    }

    public async Task<JobSnapshot?> AcquireAsync(JobKey job, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var found = await JobOf(context, job)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.WriterEpoch, row => row.WriterEpoch + 1), cancellationToken);
        if (found == 0)
        {
            return null;
        }

        var snapshot = await JobSnapshotReader.ReadAsync(context, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return snapshot;
    }

    public Task<StoreOutcome> OpenRoundAsync(
        WriterLease lease, RoundRecord round, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken)
    {
        return _rounds.OpenAsync(lease, new RoundStart(round, assignments), cancellationToken);
    }

    public Task<StoreOutcome> AddAssignmentsAsync(
        WriterLease lease, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken)
    {
        return GuardedAsync(lease, async context =>
        {
            context.Assignments.AddRange(assignments.Select(RowMapping.ToRow));
            await context.SaveChangesAsync(cancellationToken);
        }, cancellationToken);
    }

    public Task<StoreOutcome> AddFailureAsync(WriterLease lease, ClientFailureRecord failure, CancellationToken cancellationToken)
    {
        return GuardedAsync(lease, context => InsertFailuresAsync(context, [failure], cancellationToken), cancellationToken);
    }

    public Task<StoreOutcome> CommitRoundAsync(RoundCommit commit, Task blobs, CancellationToken cancellationToken)
    {
        return _rounds.CommitAsync(commit, blobs, cancellationToken);
    }

    public Task<StoreOutcome> AbandonRoundAsync(RoundAbandonment abandonment, CancellationToken cancellationToken)
    {
        return GuardedAsync(abandonment.Lease, async context =>
        {
            await EndRoundAsync(context, abandonment, cancellationToken);
            var key = abandonment.Round;
            await DiscardAsync(PendingOf(context, abandonment.Lease.Job).Where(row => row.Kind == key.Kind), abandonment.Reason, cancellationToken);
            await InsertFailuresAsync(context, abandonment.Failures, cancellationToken);
            await JobOf(context, abandonment.Lease.Job).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.StateEpoch, abandonment.StateEpoch), cancellationToken);
            await WriteStatusAsync(context, abandonment.Lease.Job, abandonment.Status, abandonment.StatusReason, cancellationToken);
        }, cancellationToken);
    }

    public Task<StoreOutcome> SetStatusAsync(WriterLease lease, JobStatus status, string? reason, CancellationToken cancellationToken)
    {
        return GuardedAsync(lease, context => WriteStatusAsync(context, lease.Job, status, reason, cancellationToken), cancellationToken);
    }

    public Task<StoreOutcome> RollBackAsync(
        WriterLease lease, ModelVersionRecord version, int stateEpoch, CancellationToken cancellationToken)
    {
        return GuardedAsync(lease, async context =>
        {
            context.ModelVersions.Add(RowMapping.ToRow(version));
            await context.SaveChangesAsync(cancellationToken);
            await DiscardAsync(PendingOf(context, lease.Job), "The job was rolled back.", cancellationToken);
            await JobOf(context, lease.Job).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.CurrentVersion, version.Version).SetProperty(row => row.StateEpoch, stateEpoch),
                cancellationToken);
        }, cancellationToken);
    }

    public async Task<ModelVersionRecord?> FindVersionAsync(JobKey job, int version, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.ModelVersions.AsNoTracking().SingleOrDefaultAsync(
            row => row.TenantId == job.TenantId && row.JobId == job.JobId && row.Version == version, cancellationToken);
        return row is null ? null : RowMapping.ToRecord(row);
    }

    public async Task<IReadOnlyList<string>> ReadStatesAsync(JobKey job, int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.ModelVersions.AsNoTracking()
            .Where(row => row.TenantId == job.TenantId && row.JobId == job.JobId && row.StateBlobId != null)
            .OrderByDescending(row => row.Version)
            .Take(most)
            .Select(row => row.StateBlobId!)
            .ToListAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<AssignmentRecord>> FindAssignmentsAsync(
        string tenantId, string deviceId, IReadOnlyList<string> assignmentIds, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var ids = assignmentIds.ToArray();
        var rows = await context.Assignments.AsNoTracking().Include(row => row.Update)
            .Where(row => row.TenantId == tenantId && row.DeviceId == deviceId && EF.Parameter(ids).Contains(row.AssignmentId))
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(RowMapping.ToRecord);
    }

    public async Task<IReadOnlyList<Participation>> ReadParticipationsAsync(JobKey job, int firstRound, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Assignments.AsNoTracking()
            .Where(row => row.TenantId == job.TenantId && row.JobId == job.JobId && row.Kind == TaskKind.Train && row.Round >= firstRound && row.Update != null)
            .OrderBy(row => row.Round)
            .ThenBy(row => row.Number)
            .Select(row => new { row.ClientIndex, row.Round, row.Update!.Weight, row.Update.TrainingLoss, row.Update.TrainingSeconds })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new Participation((uint)row.ClientIndex, row.Round, row.Weight, row.TrainingLoss ?? double.NaN, row.TrainingSeconds));
    }

    public async Task<bool> HasWorkedAsync(string tenantId, string deviceId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Assignments.AnyAsync(row => row.TenantId == tenantId && row.DeviceId == deviceId, cancellationToken);
    }

    public async Task<IReadOnlyList<string>> ReadRevokedAsync(string tenantId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Devices
            .Where(row => row.TenantId == tenantId && row.RevokedAt >= since)
            .Select(row => row.DeviceId)
            .ToListAsync(cancellationToken);
    }

    private async Task<StoreOutcome> GuardedAsync(WriterLease lease, Func<ServerContext, Task> write, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var held = await JobOf(context, lease.Job)
            .Where(row => row.WriterEpoch == lease.Epoch)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.WriterEpoch, lease.Epoch), cancellationToken);
        if (held == 0)
        {
            return StoreOutcome.Fenced;
        }

        await write(context);
        await transaction.CommitAsync(cancellationToken);
        return StoreOutcome.Done;
    }

    private static async Task EndRoundAsync(ServerContext context, RoundAbandonment abandonment, CancellationToken cancellationToken)
    {
        var key = abandonment.Round;
        var ended = await context.Rounds
            .Where(row => row.TenantId == key.TenantId && row.JobId == key.JobId && row.Round == key.Round && row.Kind == key.Kind
                && row.State == RoundState.Open)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.State, RoundState.Abandoned)
                    .SetProperty(row => row.ClosedAt, abandonment.AbandonedAt)
                    .SetProperty(row => row.Reason, abandonment.Reason),
                cancellationToken);
        if (ended == 0)
        {
            throw new InvalidOperationException($"The round {key} is not open; only an open one can be abandoned.");
        }
    }

    private static async Task InsertFailuresAsync(
        ServerContext context, IReadOnlyList<ClientFailureRecord> failures, CancellationToken cancellationToken)
    {
        if (failures.Count == 0)
        {
            return;
        }

        var tenant = failures[0].Round.TenantId;
        var ids = failures.Select(failure => failure.AssignmentId).ToArray();
        var known = await context.ClientFailures
            .Where(row => row.TenantId == tenant && EF.Parameter(ids).Contains(row.AssignmentId))
            .Select(row => row.AssignmentId)
            .ToListAsync(cancellationToken);
        context.ClientFailures.AddRange(failures.ExceptBy(known, failure => failure.AssignmentId).Select(RowMapping.ToRow));
        await context.SaveChangesAsync(cancellationToken);
    }

    private static async Task WriteStatusAsync(
        ServerContext context, JobKey job, JobStatus status, string? reason, CancellationToken cancellationToken)
    {
        if (status is not (JobStatus.Running or JobStatus.Paused))
        {
            await DiscardAsync(PendingOf(context, job), reason ?? "The job has ended.", cancellationToken);
        }

        await JobOf(context, job).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, status).SetProperty(row => row.StatusReason, reason), cancellationToken);
    }

    private static IQueryable<JobRow> JobOf(ServerContext context, JobKey job)
    {
        return context.Jobs.Where(row => row.TenantId == job.TenantId && row.JobId == job.JobId);
    }

    private static IQueryable<AssignmentRow> PendingOf(ServerContext context, JobKey job)
    {
        return context.Assignments.Where(
            row => row.TenantId == job.TenantId && row.JobId == job.JobId && row.Disposition == AssignmentDisposition.Pending);
    }

    private static Task<int> DiscardAsync(IQueryable<AssignmentRow> assignments, string reason, CancellationToken cancellationToken)
    {
        return assignments.ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Disposition, AssignmentDisposition.Discarded).SetProperty(row => row.Reason, reason), cancellationToken);
    }
}
