namespace Federated.Coordination.Anarchic;

/// <summary>What a new model version was made of.</summary>
/// <param name="Version">Its number; one more than before.</param>
/// <param name="StepNorm">L2 norm of the direction that the server's step took; 0 when the model did not move.</param>
/// <param name="Unmoved">Why the model is the same as before; null when it moved.</param>
/// <param name="Counted">The updates behind it, in order of arrival.</param>
/// <param name="Discarded">Ids of updates that were buffered and are in no version: a later one of the same worker took their place, or the worker left.</param>
public sealed record AdvanceResult(
    long Version, double StepNorm, string? Unmoved, IReadOnlyList<CountedArrival> Counted, IReadOnlyList<string> Discarded);
