using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>A round as it is stored. An abandoned round is followed by one with a number of its own.</summary>
/// <param name="Key">Its name; unique.</param>
/// <param name="State">Where it stands.</param>
/// <param name="BaseVersion">The model version that the devices start from.</param>
/// <param name="StateEpoch">The job's state epoch when the round was opened.</param>
/// <param name="OpenedAt">When its first assignments were made.</param>
/// <param name="Deadline">When reporting ends at the latest.</param>
/// <param name="ClosedAt">When it was committed or abandoned; null while open.</param>
/// <param name="Reason">Why it was abandoned; null otherwise.</param>
/// <param name="Metrics">What came out of it; null unless closed.</param>
/// <param name="StatisticsBlobId">The pooled statistics in the model store, SHA-256 in hexadecimal; null unless the round took statistics.</param>
public sealed record RoundRecord(
    RoundKey Key,
    RoundState State,
    int BaseVersion,
    int StateEpoch,
    DateTimeOffset OpenedAt,
    DateTimeOffset Deadline,
    DateTimeOffset? ClosedAt = null,
    string? Reason = null,
    RoundMetrics? Metrics = null,
    string? StatisticsBlobId = null);
