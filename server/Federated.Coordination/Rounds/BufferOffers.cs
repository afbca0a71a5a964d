namespace Federated.Coordination.Rounds;

/// <summary>What the algorithm made of the updates of a closed buffer.</summary>
/// <param name="Refused">Why it cannot use them, by id.</param>
/// <param name="First">The update since which it has some that wait: from it on the flush time counts; null when it has none.</param>
public sealed record BufferOffers(IReadOnlyDictionary<string, string> Refused, string? First);
