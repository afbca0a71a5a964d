using System.Collections.Immutable;
using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Coordinator to node: these updates, which the buffer of an asynchronous job has stored there, are in a version already or were given up. They take no place in the buffer.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan.</param>
/// <param name="NodeId">The node that told of them.</param>
/// <param name="AssignmentIds">At most <see cref="UpdatesStored.MaxUpdates"/>.</param>
public sealed record UpdatesUnwanted(RoundKey Key, ulong WriterEpoch, string NodeId, ImmutableArray<string> AssignmentIds) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Key}/{WriterEpoch}/{NodeId}/{string.Join(',', AssignmentIds)}";
}
