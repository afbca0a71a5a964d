using Federated.Protocol.V1;

namespace Federated.Coordination.Tier;

/// <summary>A float32 section of one update, besides its share in the aggregate.</summary>
/// <param name="AssignmentId">The update.</param>
/// <param name="Role">The section.</param>
/// <param name="Values">Its values. Owned by the receiver.</param>
public sealed record KeptSection(string AssignmentId, SectionRole Role, float[] Values);
