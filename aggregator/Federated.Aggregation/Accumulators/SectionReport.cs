namespace Federated.Aggregation.Accumulators;

/// <summary>
/// One section, summed over the updates that carried it and divided once. Only the array of the section's own type has elements, and none
/// has when nobody carried the section.
/// </summary>
/// <param name="Shape">What the section is.</param>
/// <param name="Single">Values of a float32 section.</param>
/// <param name="Double">Values of a float64 section.</param>
/// <param name="Integer">Values of an int64 section, rounded to the nearest (ties to even) where they were divided.</param>
/// <param name="Divisor">What the sum was divided by: the total weight, the number of updates, or 1; 0 when nobody carried the section.</param>
/// <param name="Count">Updates that carried the section.</param>
public sealed record SectionReport(SectionShape Shape, float[] Single, double[] Double, long[] Integer, double Divisor, long Count);
