using Federated.Coordination.Persistence;
using Federated.Protocol.V1;

namespace Federated.Server.Database.Rows;

/// <summary>A round and, once it is closed, its figures.</summary>
internal sealed class RoundRow
{
    public required string TenantId { get; init; }

    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required TaskKind Kind { get; init; }

    public required RoundState State { get; set; }

    public required int BaseVersion { get; init; }

    public required int StateEpoch { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    public required DateTimeOffset Deadline { get; init; }

    public DateTimeOffset? ClosedAt { get; set; }

    public string? Reason { get; set; }

    public int? Assigned { get; set; }

    public int? Counted { get; set; }

    public int? Failed { get; set; }

    public double? Weight { get; set; }

    public long? BytesUp { get; set; }

    public long? BytesDown { get; set; }

    public double? TrainingLoss { get; set; }

    public double? Loss { get; set; }

    public double? Accuracy { get; set; }

    public double? UpdateNorm { get; set; }

    public double? DownError { get; set; }

    /// <summary>SHA-256 of the pooled statistics, lower-case hexadecimal.</summary>
    public string? StatisticsBlobId { get; set; }
}
