namespace Federated.Coordination.Persistence;

/// <summary>A round that opens, with its first assignments.</summary>
/// <param name="Round">The round, in state <see cref="RoundState.Open"/>.</param>
/// <param name="Assignments">Its first assignments.</param>
public sealed record RoundStart(RoundRecord Round, IReadOnlyList<AssignmentRecord> Assignments);
