using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>A section summed over the included updates that carry it and divided as its specification says.</summary>
/// <param name="Spec">What the section is.</param>
/// <param name="Single">Values of a section of 16 or 32 bit floats; empty otherwise.</param>
/// <param name="Wide">Values of a float64 or integer section; empty otherwise.</param>
/// <param name="Divisor">What the sum was divided by: the total weight, the number of updates, or 1.</param>
public sealed record SectionAggregate(SectionSpec Spec, float[] Single, double[] Wide, double Divisor);
