namespace Federated.Server.Database.Rows;

/// <summary>The figures of an update that counts. Its key is the assignment alone, so the database itself refuses to count one twice.</summary>
internal sealed class CountedUpdateRow
{
    public required string TenantId { get; init; }

    public required string AssignmentId { get; init; }

    public required double Weight { get; init; }

    public required int LocalSteps { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Null when it is not known.</summary>
    public long? BytesDown { get; init; }

    /// <summary>Null when the device did not know it: SQLite has no NaN.</summary>
    public double? TrainingLoss { get; init; }

    public required double TrainingSeconds { get; init; }

    /// <summary>Its share in the aggregate; null under the mean and under rules that work coordinate by coordinate.</summary>
    public double? Coefficient { get; init; }

    /// <summary>The aggregation rule's judgement, comparable within the round; null under the mean.</summary>
    public double? Trust { get; init; }

    /// <summary>What the compressor kept, as the device tells; null for a dense update, as the two that follow.</summary>
    public double? Contraction { get; init; }

    public double? ErrorNorm { get; init; }

    public long? Saturated { get; init; }
}
