using System.Collections.Immutable;
using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Node to server, when it is asked to close a round again whose two passes are not done: what it waits for. Where everybody waits for everybody, only this tells who is out of reach.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan.</param>
/// <param name="Revision">Of the tree.</param>
/// <param name="NodeId">The node that says it.</param>
/// <param name="Nodes">The nodes that it could not tell something, or that have not told it something; empty when it waits for the top's decision alone.</param>
public sealed record ClosingDelayed(RoundKey Key, ulong WriterEpoch, int Revision, string NodeId, ImmutableArray<string> Nodes) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{Revision}/{NodeId}/{string.Join(',', Nodes)}";
}
