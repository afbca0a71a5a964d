using System.Collections.Immutable;
using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Node to coordinator: these updates are in the node's pool and journal. A hint that shows when the report goal is reached; what counts
/// is the list that comes with the aggregate.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan that the node has open.</param>
/// <param name="NodeId">The node.</param>
/// <param name="Incarnation">The process of the node.</param>
/// <param name="Sequence">Counts the events of this process and round, from 1.</param>
/// <param name="Updates">At least one, at most <see cref="MaxUpdates"/>.</param>
public sealed record UpdatesStored(
    RoundKey Key, ulong WriterEpoch, string NodeId, string Incarnation, long Sequence, ImmutableArray<UpdateCommitted> Updates) : ITierEvent
{
    /// <summary>The most updates in one event: their claim checks take some 400 bytes each.</summary>
    public const int MaxUpdates = 8;

    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{NodeId}/{Incarnation}/{Sequence}";
}
