using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Top to nodes, for rules with two passes: the coefficients of the weighted sum, or how coordinates are reduced, are known, and each node can fetch its own from the top.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan.</param>
/// <param name="Revision">Of the tree.</param>
/// <param name="CoefficientsId">Names the coefficients.</param>
/// <param name="NodeId">The node that has them.</param>
/// <param name="Count">How many nodes they are for.</param>
public sealed record CoefficientsReady(
    RoundKey Key, ulong WriterEpoch, int Revision, string CoefficientsId, string NodeId, int Count) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{CoefficientsId}";
}
