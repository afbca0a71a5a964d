using Federated.Coordination.Persistence;
using Federated.Protocol.V1;

namespace Federated.Server.Database.Rows;

/// <summary>A task given to a device.</summary>
internal sealed class AssignmentRow
{
    public required string TenantId { get; init; }

    public required string AssignmentId { get; init; }

    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required TaskKind Kind { get; init; }

    /// <summary>Position in the cohort, from 0.</summary>
    public required int Number { get; init; }

    public required string DeviceId { get; init; }

    public required long ClientIndex { get; init; }

    public required string Role { get; init; }

    public required DateTimeOffset AssignedAt { get; init; }

    public required AssignmentDisposition Disposition { get; set; }

    public string? Reason { get; set; }

    public int? ModelVersion { get; set; }

    public CountedUpdateRow? Update { get; set; }
}
