namespace Federated.Coordination.Rounds;

/// <summary>What became of the updates of a buffer.</summary>
/// <param name="Counted">Ids of those in the version.</param>
/// <param name="Refused">Why each of the others is in none, by id.</param>
/// <param name="StepNorm">L2 norm of the server's step.</param>
public sealed record BufferOutcome(IReadOnlySet<string> Counted, IReadOnlyDictionary<string, string> Refused, double StepNorm);
