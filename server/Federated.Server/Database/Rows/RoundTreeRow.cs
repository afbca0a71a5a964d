using Federated.Protocol.V1;

namespace Federated.Server.Database.Rows;

/// <summary>The aggregation tree of a round, in one of its revisions.</summary>
internal sealed class RoundTreeRow
{
    public required string TenantId { get; init; }

    public required string JobId { get; init; }

    public required int Round { get; init; }

    public required TaskKind Kind { get; init; }

    public required int Revision { get; init; }

    public required DateTimeOffset RecordedAt { get; set; }

    public required string Plan { get; set; }
}
