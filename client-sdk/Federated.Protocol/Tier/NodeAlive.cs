namespace Federated.Protocol.Tier;

/// <summary>Node to coordinator, on a period while a round is open and seldom otherwise: the node lives, and how busy it is.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Incarnation">The process of the node.</param>
/// <param name="Sequence">Counts the events of this process, from 1; an older one than the newest is ignored.</param>
/// <param name="Queue">Updates that wait for their sum.</param>
/// <param name="ArrivalRate">k: updates stored per second since the event before.</param>
/// <param name="SecondsPerUpdate">E: mean seconds from stored to summed since the event before; 0 without an update.</param>
/// <param name="FreeSlots">Slots that an upload could take.</param>
/// <param name="IdleWorkers">Warm workers that wait for work.</param>
/// <param name="Rounds">
/// Rounds of which the node holds something, at most <see cref="MaxRounds"/>; further ones take their turn in the next events. The coordinator
/// sees from it what it has not heard of, and answers <see cref="RoundEnded"/> for one that is over. Null for none.
/// </param>
/// <param name="Introduction">Who the node is: for a coordinator that has not heard it join, where the registry of nodes is lost as well.</param>
/// <param name="Revocations">Unix milliseconds up to which the node knows every revoked device; 0 for none.</param>
public sealed record NodeAlive(
    string NodeId, string Incarnation, long Sequence, int Queue, double ArrivalRate, double SecondsPerUpdate, int FreeSlots, int IdleWorkers,
    IReadOnlyList<HeldRound>? Rounds = null, NodeJoined? Introduction = null, long Revocations = 0) : ITierEvent
{
    /// <summary>The most rounds in one event.</summary>
    public const int MaxRounds = 64;

    /// <inheritdoc/>
    public string IdempotencyKey => $"{NodeId}/{Incarnation}/{Sequence}";
}
