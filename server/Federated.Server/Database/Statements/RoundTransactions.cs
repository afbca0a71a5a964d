using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Server.Database.Statements;

/// <summary>
/// The two transactions that devices wait for, without a context: it would register its functions with each connection that it opens,
/// and track rows that nobody reads again.
/// </summary>
internal sealed class RoundTransactions(ServerContextFactory contexts)
{
    private RoundStatements? _statements;

    /// <summary>Inserts a round with its first assignments.</summary>
    public async Task<StoreOutcome> OpenAsync(WriterLease lease, RoundStart start, CancellationToken cancellationToken)
    {
        var statements = Statements();
        var batch = new StatementBatch();
        batch.Add(statements.Guard, new JobWrite(lease.Job.TenantId, lease.Job.JobId, lease.Epoch));
        AddStart(batch, statements, start);
        await using var connection = contexts.CreateConnection();
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if ((await batch.ExecuteAsync(transaction, cancellationToken))[0] == 0)
        {
            return StoreOutcome.Fenced;
        }

        await transaction.CommitAsync(cancellationToken);
        return StoreOutcome.Done;
    }

    /// <summary>The commit point. Its statements are executed while the blobs are still on their way to the disk.</summary>
    public async Task<StoreOutcome> CommitAsync(RoundCommit commit, Task blobs, CancellationToken cancellationToken)
    {
        var statements = Statements();
        await using var connection = contexts.CreateConnection();
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var changed = await SettlementOf(commit, statements).ExecuteAsync(transaction, cancellationToken);
        if (changed[0] == 0)
        {
            return StoreOutcome.Fenced;
        }

        if (changed.Contains(0))
        {
            throw new InvalidOperationException(
                $"The commit of {commit.Round} does not fit: the round is not open, or one of its assignments is settled already or left without a disposition.");
        }

        await NewsOf(commit, statements).ExecuteAsync(transaction, cancellationToken);
        await blobs;
        await transaction.CommitAsync(cancellationToken);
        return StoreOutcome.Done;
    }

    /// <summary>What changes rows that are there: each statement must find its row, the first one that of the job.</summary>
    private static StatementBatch SettlementOf(RoundCommit commit, RoundStatements statements)
    {
        var (job, round) = (commit.Lease.Job, commit.Round);
        var batch = new StatementBatch();
        batch.Add(
            commit.Version is null ? statements.GuardAndSetStatus : statements.GuardAndAdvance,
            new JobWrite(job.TenantId, job.JobId, commit.Lease.Epoch, commit.Version?.Version ?? 0, commit.Status, commit.StatusReason));
        batch.AddRange(statements.SettleAssignment, commit.Counted.Select(update => FateOf(
            commit, update.AssignmentId, AssignmentDisposition.Counted, null, commit.Version?.Version ?? round.Round)));
        batch.AddRange(statements.SettleAssignment, commit.Discarded.Select(update => FateOf(
            commit, update.AssignmentId, AssignmentDisposition.Discarded, update.Reason, null)));

        // Base version, epoch and times of opening stay as they are.
        batch.Add(commit.IsAsynchronous && round.Kind == TaskKind.Train ? statements.CloseBuffer : statements.CloseRound, RowMapping.ToRow(
            new RoundRecord(round, RoundState.Closed, 0, 0, default, default, commit.ClosedAt, null, commit.Metrics, commit.StatisticsBlobId)));
        return batch;
    }

    private static AssignmentFate FateOf(RoundCommit commit, string assignmentId, AssignmentDisposition disposition, string? reason, int? version)
    {
        var round = commit.IsAsynchronous ? AssignmentIds.RoundOf(commit.Round, assignmentId) : commit.Round;
        return new AssignmentFate(round.TenantId, round.JobId, round.Round, round.Kind, assignmentId, disposition, reason, version);
    }

    private static StatementBatch NewsOf(RoundCommit commit, RoundStatements statements)
    {
        var batch = new StatementBatch();
        batch.AddRange(
            statements.InsertCountedUpdate, commit.Counted.Select(update => RowMapping.ToRow(commit.Lease.Job.TenantId, update)));
        batch.AddRange(statements.InsertFirstFailure, commit.Failures.Select(RowMapping.ToRow));
        if (commit.Version is { } version)
        {
            batch.Add(statements.InsertVersion, RowMapping.ToRow(version));
        }

        if (commit.Next is { } next)
        {
            AddStart(batch, statements, next);
        }

        return batch;
    }

    private static void AddStart(StatementBatch batch, RoundStatements statements, RoundStart start)
    {
        batch.Add(statements.InsertRound, RowMapping.ToRow(start.Round));
        batch.AddRange(statements.InsertAssignment, start.Assignments.Select(RowMapping.ToRow));
    }

    private RoundStatements Statements()
    {
        if (_statements is null)
        {
            using var context = contexts.CreateDbContext();
            _statements = new RoundStatements(context.Model);
        }

        return _statements;
    }
}
