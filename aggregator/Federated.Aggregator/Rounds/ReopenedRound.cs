using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>What a node still has of a round that it is asked to open.</summary>
/// <param name="Recovered">Stored updates that will be in the aggregate; they are not reported a second time.</param>
/// <param name="Lost">Assignment ids of updates that had been stored but whose bytes are gone; the node takes them again.</param>
public sealed record ReopenedRound(IReadOnlyList<UpdateCommitted> Recovered, IReadOnlyList<string> Lost)
{
    public static ReopenedRound Empty { get; } = new([], []);
}
