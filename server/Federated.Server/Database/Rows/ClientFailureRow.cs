using Federated.Protocol.V1;

namespace Federated.Server.Database.Rows;

/// <summary>Why a device did not deliver in a round.</summary>
internal sealed class ClientFailureRow
{
    public required string TenantId { get; init; }

    public required string AssignmentId { get; init; }

    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required TaskKind RoundKind { get; init; }

    public required string DeviceId { get; init; }

    public required string Kind { get; init; }

    public required string Message { get; init; }

    public required DateTimeOffset At { get; init; }
}
