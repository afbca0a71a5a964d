using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>A section of one update that the coordinator aggregates itself.</summary>
/// <param name="AssignmentId">The update.</param>
/// <param name="Role">The section.</param>
/// <param name="Values">Its values, decoded. Owned by the receiver.</param>
public sealed record HandedOverSection(string AssignmentId, SectionRole Role, float[] Values);
