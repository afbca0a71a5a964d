namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// The mean of the n − f values of every coordinate that are nearest to its median (Xie et al. 2018). Of two equally near values the smaller one
/// is taken first.
/// </summary>
/// <param name="byzantine">f.</param>
public sealed class MeaMed(int byzantine) : CoordinateRule("meamed", byzantine)
{
    private protected override CoordinatePlan Plan(int count, int byzantine) => CoordinatePlan.Median(count, count - byzantine);
}
