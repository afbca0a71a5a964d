namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// The mean of a number of values of every coordinate that are nearest to its median: the second stage of Bulyan, which keeps θ − 2f of
/// its θ = n − 2f. Of two equally near values the smaller one is taken first.
/// </summary>
/// <param name="kept">Values that are averaged, at least 1.</param>
internal sealed class NearestToMedian(int kept) : CoordinateRule("bulyan", 0)
{
    private protected override CoordinatePlan Plan(int count, int byzantine) => CoordinatePlan.Median(count, Math.Min(kept, count));
}
