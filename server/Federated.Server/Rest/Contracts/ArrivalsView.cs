namespace Federated.Server.Rest.Contracts;

/// <summary>What arrived at an asynchronous job, so far.</summary>
/// <param name="Versions">Model versions that were made of arrivals.</param>
/// <param name="Counted">Updates that are in a version.</param>
/// <param name="Outstanding">Tasks whose updates may still count.</param>
/// <param name="Staleness">Counted updates by the versions that they were behind, ascending; numbers without an update are left out.</param>
/// <param name="Discarded">Tasks that never count, by reason, the most frequent first.</param>
internal sealed record ArrivalsView(
    int Versions, int Counted, int Outstanding, IReadOnlyList<StalenessCount> Staleness, IReadOnlyList<ReasonCount> Discarded);
