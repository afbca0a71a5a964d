using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Top to coordinator: every partial of the tree is merged, and the aggregate can be fetched by the transfer service's <c>Fetch</c> call.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan.</param>
/// <param name="Revision">Of the tree.</param>
/// <param name="PartialId">Names the aggregate.</param>
/// <param name="NodeId">The node of the top.</param>
/// <param name="Included">Updates in it, at least 0.</param>
/// <param name="TotalWeight">Sum of their weights.</param>
/// <param name="Bytes">Length of the transfer.</param>
/// <param name="Fault">Why there is no aggregate, in one sentence; null when there is.</param>
public sealed record AggregateReady(
    RoundKey Key, ulong WriterEpoch, int Revision, string PartialId, string NodeId, int Included, double TotalWeight, long Bytes, string? Fault = null) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{PartialId}";
}
