using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>A flat float32 vector that is sent to devices along with the model.</summary>
/// <param name="Spec">What it is.</param>
/// <param name="Values">The values; not changed before the next <see cref="IServerAlgorithm.Apply"/>.</param>
public sealed record DownSection(SectionSpec Spec, ReadOnlyMemory<float> Values);
