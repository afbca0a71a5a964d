namespace Federated.Simulation.Engine;

/// <summary>A client whose work is in no model, and why.</summary>
/// <param name="Round">The round.</param>
/// <param name="Client">The client's name.</param>
/// <param name="Kind">A stable kind for counting, such as <c>dropped-out</c> or <c>diverged</c>.</param>
/// <param name="Reason">What happened, in one sentence.</param>
public sealed record ClientFailure(int Round, string Client, string Kind, string Reason);
