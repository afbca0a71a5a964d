namespace Federated.Coordination.Persistence;

/// <summary>An assignment of a finished round that does not count.</summary>
/// <param name="AssignmentId">Names it.</param>
/// <param name="Reason">One sentence for its device and for administrators.</param>
public sealed record DiscardedUpdate(string AssignmentId, string Reason);
