using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Node to its parent: all that this node contributes to the round is one partial now, which has been or is being transferred. The bytes
/// and the list of updates travel with the transfer, never here.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan.</param>
/// <param name="Revision">Of the tree.</param>
/// <param name="PartialId">The partial; a second transfer of it is not merged again.</param>
/// <param name="NodeId">The node whose partial it is.</param>
/// <param name="Parent">The node that merges it.</param>
/// <param name="Included">Updates in it, at least 0.</param>
/// <param name="TotalWeight">Sum of their weights.</param>
/// <param name="Bytes">Length of the transfer.</param>
public sealed record PartialReady(
    RoundKey Key, ulong WriterEpoch, int Revision, string PartialId, string NodeId, string Parent, int Included, double TotalWeight, long Bytes) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{PartialId}";
}
