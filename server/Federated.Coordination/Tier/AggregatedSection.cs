using Federated.Protocol.V1;

namespace Federated.Coordination.Tier;

/// <summary>
/// One section summed over the updates that carried it and divided as its specification says. Float sections arrive as
/// float32, except those of dtype F64 (evaluation sums), which arrive as float64; integer sections as float64 as well, because a
/// mean of integers is not one.
/// </summary>
/// <param name="Spec">What the section is.</param>
/// <param name="Single">The values of a float32 section; empty otherwise. The receiver's, to be changed at will, until it has the round forgotten.</param>
/// <param name="Wide">The values of a float64 or integer section; empty otherwise. The receiver's in the same way.</param>
/// <param name="Divisor">What the sum was divided by: the total weight, the number of updates, or 1.</param>
public sealed record AggregatedSection(SectionSpec Spec, float[] Single, double[] Wide, double Divisor);
