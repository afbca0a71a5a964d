using Federated.Coordination.Persistence;

namespace Federated.Server.Database.Rows;

/// <summary>A job and its moving state. Every write of a job's facts first touches this row, which fences old writers.</summary>
internal sealed class JobRow
{
    public required string TenantId { get; init; }

    public required string JobId { get; init; }

    public required string Name { get; init; }

    /// <summary>The job definition as JSON.</summary>
    public required string Definition { get; init; }

    public required JobStatus Status { get; set; }

    public string? StatusReason { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required long WriterEpoch { get; set; }

    public required int StateEpoch { get; set; }

    public required int CurrentVersion { get; set; }
}
