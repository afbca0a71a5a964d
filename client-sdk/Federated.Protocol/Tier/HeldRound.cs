using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>A round of which a node holds something, in its sign of life.</summary>
/// <param name="Key">The round.</param>
/// <param name="WriterEpoch">Of the plan that is open there; 0 for a round of an earlier process that nobody has opened again.</param>
/// <param name="Stored">Updates that the node holds of it, summed ones among them.</param>
public sealed record HeldRound(RoundKey Key, ulong WriterEpoch, int Stored);
