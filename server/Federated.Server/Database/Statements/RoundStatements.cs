using Federated.Coordination.Persistence;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Federated.Server.Database.Statements;

/// <summary>The statements of the two transactions that devices wait for: the opening of a round, and its commit point.</summary>
internal sealed class RoundStatements(IModel model)
{
    private const int Open = (int)RoundState.Open;
    private const int Pending = (int)AssignmentDisposition.Pending;

    private static readonly string[] Lease = [nameof(JobWrite.TenantId), nameof(JobWrite.JobId), nameof(JobWrite.WriterEpoch)];

    private static readonly string[] Round =
        [nameof(RoundRow.TenantId), nameof(RoundRow.JobId), nameof(RoundRow.Round), nameof(RoundRow.Kind)];

    private static readonly string[] Outcome =
    [
        nameof(RoundRow.State), nameof(RoundRow.ClosedAt), nameof(RoundRow.Assigned), nameof(RoundRow.Counted), nameof(RoundRow.Failed),
        nameof(RoundRow.Weight), nameof(RoundRow.BytesUp), nameof(RoundRow.BytesDown), nameof(RoundRow.TrainingLoss), nameof(RoundRow.Loss),
        nameof(RoundRow.Accuracy), nameof(RoundRow.UpdateNorm), nameof(RoundRow.DownError), nameof(RoundRow.StatisticsBlobId),
    ];

    /// <summary>Locks the job's row under the lease.</summary>
    public RowStatement Guard { get; } =
        RowStatement.Update<JobRow, JobWrite>(model, [nameof(JobWrite.WriterEpoch)], Lease, "1 = 1");

    /// <summary>Locks the job's row under the lease, and sets its status.</summary>
    public RowStatement GuardAndSetStatus { get; } = RowStatement.Update<JobRow, JobWrite>(
        model, [nameof(JobWrite.Status), nameof(JobWrite.StatusReason)], Lease, "1 = 1");

    /// <summary>Locks the job's row under the lease, and sets its status and current version.</summary>
    public RowStatement GuardAndAdvance { get; } = RowStatement.Update<JobRow, JobWrite>(
        model, [nameof(JobWrite.Status), nameof(JobWrite.StatusReason), nameof(JobWrite.CurrentVersion)], Lease, "1 = 1");

    public RowStatement InsertRound { get; } = RowStatement.Insert<RoundRow>(model);

    public RowStatement InsertAssignment { get; } = RowStatement.Insert<AssignmentRow>(model);

    /// <summary>Changes nothing when the assignment is settled already, or of another round.</summary>
    public RowStatement SettleAssignment { get; } = RowStatement.Update<AssignmentRow, AssignmentFate>(
        model,
        [nameof(AssignmentFate.Disposition), nameof(AssignmentFate.Reason), nameof(AssignmentFate.ModelVersion)],
        [nameof(AssignmentFate.TenantId), nameof(AssignmentFate.AssignmentId), nameof(AssignmentFate.JobId), nameof(AssignmentFate.Round), nameof(AssignmentFate.Kind)],
        $"disposition = {Pending}");

    /// <summary>Changes nothing when the round is not open, or has an assignment that is not settled.</summary>
    public RowStatement CloseRound { get; } = RowStatement.Update<RoundRow, RoundRow>(
        model,
        Outcome,
        Round,
        $"""
        state = {Open} AND NOT EXISTS (
            SELECT 1 FROM assignments
            WHERE tenant_id = @tenant_id AND job_id = @job_id AND round = @round AND kind = @kind AND disposition = {Pending})
        """);

    /// <summary>The same for a buffer, whose assignments may be settled with a later one.</summary>
    public RowStatement CloseBuffer { get; } = RowStatement.Update<RoundRow, RoundRow>(model, Outcome, Round, $"state = {Open}");

    public RowStatement InsertCountedUpdate { get; } = RowStatement.Insert<CountedUpdateRow>(model);

    /// <summary>Changes nothing when the assignment has a failure already.</summary>
    public RowStatement InsertFirstFailure { get; } = RowStatement.Insert<ClientFailureRow>(model, "ON CONFLICT DO NOTHING");

    public RowStatement InsertVersion { get; } = RowStatement.Insert<ModelVersionRow>(model);
}
