namespace Federated.Coordination.Rounds;

/// <summary>What the rounds of an asynchronous job add to their terms: such a round is a buffer, which is open from the beginning and whose tickets outlive it.</summary>
/// <param name="FlushAfter">Time from a buffer's first update after which the minimum is enough; null for never.</param>
/// <param name="MaxStaleness">Versions that an update may be behind; older tickets are given up.</param>
public sealed record BufferTerms(TimeSpan? FlushAfter, int MaxStaleness);
