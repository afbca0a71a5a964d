using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Node to coordinator: the round is open here. The ids behind the counts are fetched by the transfer service's <c>Recovery</c> call.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan that was opened.</param>
/// <param name="Revision">Of the tree that was opened.</param>
/// <param name="NodeId">The node.</param>
/// <param name="Incarnation">The process of the node; see <see cref="NodeJoined"/>.</param>
/// <param name="Recovered">Updates that the node still has of the round, and that will be in the aggregate.</param>
/// <param name="Lost">Updates that had been stored there and are gone; the node takes them again.</param>
/// <param name="Refusal">Why the node cannot carry the plan out, with the numbers; null when the round is open.</param>
public sealed record RoundReady(
    RoundKey Key, ulong WriterEpoch, int Revision, string NodeId, string Incarnation, int Recovered, int Lost, string? Refusal = null) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{Revision}/{NodeId}/{Incarnation}";
}
