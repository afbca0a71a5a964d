using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>Coordinator to nodes: refuse updates from now on, sum what is stored, and send partials up the tree.</summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Fencing epoch of the coordinator; an older one than the round's is not obeyed.</param>
/// <param name="Revision">Of the tree to close.</param>
/// <param name="Reason">One sentence that late devices are told.</param>
public sealed record RoundClosing(RoundKey Key, ulong WriterEpoch, int Revision, string Reason) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{Revision}";
}
