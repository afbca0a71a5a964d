using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>A section of one update of a round that keeps its updates.</summary>
/// <param name="AssignmentId">The update.</param>
/// <param name="Role">The section.</param>
/// <param name="Values">Its values. Owned by the receiver.</param>
public sealed record KeptValues(string AssignmentId, SectionRole Role, float[] Values);
