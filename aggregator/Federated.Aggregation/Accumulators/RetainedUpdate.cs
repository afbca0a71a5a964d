using System.Collections.Immutable;

namespace Federated.Aggregation.Accumulators;

/// <summary>An update whose payload stays readable, so that several can be summed in one pass.</summary>
/// <param name="Payload">Its sections one after another.</param>
/// <param name="Weight">Its weight, finite and at least 0.</param>
/// <param name="Sections">Positions of the sections that it carries, ascending; default for all of them.</param>
public readonly record struct RetainedUpdate(ReadOnlyMemory<byte> Payload, double Weight, ImmutableArray<int> Sections = default);
