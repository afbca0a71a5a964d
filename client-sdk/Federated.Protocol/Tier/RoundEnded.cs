using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>Coordinator to nodes: free what the round holds; its model version is made, or it was abandoned.</summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Fencing epoch of the coordinator.</param>
/// <param name="IsCommitted">False when the round was abandoned.</param>
/// <param name="Reason">One sentence that late devices are told.</param>
public sealed record RoundEnded(RoundKey Key, ulong WriterEpoch, bool IsCommitted, string Reason) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}";
}
