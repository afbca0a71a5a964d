using System.Text;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;
using Federated.Server.Database.Rows;

namespace Federated.Server.Database;

/// <summary>Turns records into rows and back.</summary>
internal static class RowMapping
{
    public static JobRow ToRow(JobRecord job)
    {
        return new JobRow
        {
            TenantId = job.Key.TenantId,
            JobId = job.Key.JobId,
            Name = job.Definition.Name,
            Definition = job.Definition.ToJson(),
            Status = job.Status,
            StatusReason = job.StatusReason,
            CreatedAt = job.CreatedAt,
            WriterEpoch = job.WriterEpoch,
            StateEpoch = job.StateEpoch,
            CurrentVersion = job.CurrentVersion,
        };
    }

    public static JobRecord ToRecord(JobRow row)
    {
        return new JobRecord(
            new JobKey(row.TenantId, row.JobId), JobDefinition.Parse(Encoding.UTF8.GetBytes(row.Definition)), row.Status,
            row.StatusReason, row.CreatedAt, row.WriterEpoch, row.StateEpoch, row.CurrentVersion);
    }

    public static ModelVersionRow ToRow(ModelVersionRecord version)
    {
        return new ModelVersionRow
        {
            TenantId = version.Job.TenantId,
            JobId = version.Job.JobId,
            Version = version.Version,
            BlobId = version.BlobId,
            ByteLength = version.ByteLength,
            SchemaHash = version.SchemaHash,
            StateBlobId = version.StateBlobId,
            TrainingRounds = version.TrainingRounds,
            Parent = version.Parent,
            Origin = version.Origin,
            CreatedAt = version.CreatedAt,
        };
    }

    public static ModelVersionRecord ToRecord(ModelVersionRow row)
    {
        return new ModelVersionRecord(
            new JobKey(row.TenantId, row.JobId), row.Version, row.BlobId, row.ByteLength, row.SchemaHash, row.StateBlobId,
            row.TrainingRounds, row.Parent, row.Origin, row.CreatedAt);
    }

    public static RoundRow ToRow(RoundRecord round)
    {
        var row = new RoundRow
        {
            TenantId = round.Key.TenantId,
            JobId = round.Key.JobId,
            Round = round.Key.Round,
            Kind = round.Key.Kind,
            State = round.State,
            BaseVersion = round.BaseVersion,
            StateEpoch = round.StateEpoch,
            OpenedAt = round.OpenedAt,
            Deadline = round.Deadline,
            ClosedAt = round.ClosedAt,
            Reason = round.Reason,
            StatisticsBlobId = round.StatisticsBlobId,
        };
        if (round.Metrics is { } metrics)
        {
            Write(metrics, row);
        }

        return row;
    }

    public static RoundRecord ToRecord(RoundRow row)
    {
        var metrics = row.Counted is null
            ? null
            : new RoundMetrics(
                row.Assigned!.Value, row.Counted.Value, row.Failed!.Value, row.Weight!.Value, row.BytesUp!.Value, row.BytesDown!.Value,
                row.TrainingLoss, row.Loss, row.Accuracy, row.UpdateNorm)
            {
                DownError = row.DownError,
            };
        return new RoundRecord(
            new RoundKey(row.TenantId, row.JobId, row.Round, row.Kind), row.State, row.BaseVersion, row.StateEpoch,
            row.OpenedAt, row.Deadline, row.ClosedAt, row.Reason, metrics, row.StatisticsBlobId);
    }

    public static void Write(RoundMetrics metrics, RoundRow row)
    {
        row.Assigned = metrics.Assigned;
        row.Counted = metrics.Counted;
        row.Failed = metrics.Failed;
        row.Weight = metrics.Weight;
        row.BytesUp = metrics.BytesUp;
        row.BytesDown = metrics.BytesDown;
        row.TrainingLoss = Known(metrics.TrainingLoss);
        row.Loss = Known(metrics.Loss);
        row.Accuracy = Known(metrics.Accuracy);
        row.UpdateNorm = Known(metrics.UpdateNorm);
        row.DownError = Known(metrics.DownError);
    }

    public static AssignmentRow ToRow(AssignmentRecord assignment)
    {
        return new AssignmentRow
        {
            TenantId = assignment.Round.TenantId,
            AssignmentId = assignment.AssignmentId,
            JobId = assignment.Round.JobId,
            Round = assignment.Round.Round,
            Kind = assignment.Round.Kind,
            Number = assignment.Number,
            DeviceId = assignment.DeviceId,
            ClientIndex = assignment.ClientIndex,
            Role = assignment.Role,
            AssignedAt = assignment.AssignedAt,
            Disposition = assignment.Disposition,
            Reason = assignment.Reason,
            ModelVersion = assignment.ModelVersion,
        };
    }

    public static AssignmentRecord ToRecord(AssignmentRow row)
    {
        return new AssignmentRecord(
            row.AssignmentId, new RoundKey(row.TenantId, row.JobId, row.Round, row.Kind), row.Number, row.DeviceId,
            checked((uint)row.ClientIndex), row.Role, row.AssignedAt, row.Disposition, row.Reason, row.ModelVersion,
            row.Update is null ? null : ToRecord(row.Update));
    }

    public static CountedUpdateRow ToRow(string tenantId, CountedUpdate update)
    {
        return new CountedUpdateRow
        {
            TenantId = tenantId,
            AssignmentId = update.AssignmentId,
            Weight = update.Weight,
            LocalSteps = update.LocalSteps,
            Bytes = update.Bytes,
            TrainingLoss = Known(update.TrainingLoss),
            TrainingSeconds = update.TrainingSeconds,
            Coefficient = Known(update.Score?.Coefficient),
            Trust = Known(update.Score?.Trust),
            BytesDown = update.BytesDown,
            Contraction = Known(update.Compression?.Contraction),
            ErrorNorm = Known(update.Compression?.ErrorNorm),
            Saturated = update.Compression?.Saturated,
        };
    }

    public static ClientFailureRow ToRow(ClientFailureRecord failure)
    {
        return new ClientFailureRow
        {
            TenantId = failure.Round.TenantId,
            AssignmentId = failure.AssignmentId,
            JobId = failure.Round.JobId,
            Round = failure.Round.Round,
            RoundKind = failure.Round.Kind,
            DeviceId = failure.DeviceId,
            Kind = failure.Kind,
            Message = failure.Message,
            At = failure.At,
        };
    }

    public static ClientFailureRecord ToRecord(ClientFailureRow row)
    {
        return new ClientFailureRecord(
            row.AssignmentId, new RoundKey(row.TenantId, row.JobId, row.Round, row.RoundKind), row.DeviceId, row.Kind, row.Message, row.At);
    }

    private static CountedUpdate ToRecord(CountedUpdateRow row)
    {
        return new CountedUpdate(
            row.AssignmentId, row.Weight, row.LocalSteps, row.Bytes, row.TrainingLoss ?? double.NaN, row.TrainingSeconds,
            row.Trust is { } trust ? new UpdateScore(row.Coefficient, trust) : null)
        {
            BytesDown = row.BytesDown,
            Compression = row is { Contraction: { } contraction, ErrorNorm: { } errorNorm, Saturated: { } saturated }
                ? new CompressionFigures(contraction, errorNorm, saturated)
                : null,
        };
    }

    // NaN and infinities are stored as NULL: SQLite has no NaN and JSON has neither.
    private static double? Known(double? value)
    {
        return value is { } number && !double.IsFinite(number) ? null : value;
    }
}
