namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>The median of every coordinate (Yin et al. 2018); for an even number of updates the mean of the two middle values.</summary>
/// <param name="byzantine">f; only checked, the median does not use it.</param>
public sealed class CoordinateMedian(int byzantine = 0) : CoordinateRule("median", byzantine)
{
    private protected override CoordinatePlan Plan(int count, int byzantine) => CoordinatePlan.Median(count);
}
