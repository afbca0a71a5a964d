namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>The mean of every coordinate without its f smallest and f largest values (Yin et al. 2018).</summary>
/// <param name="byzantine">f.</param>
public sealed class TrimmedMean(int byzantine) : CoordinateRule("trimmed-mean", byzantine)
{
    private protected override CoordinatePlan Plan(int count, int byzantine) => new(count, byzantine, count - byzantine, 0);
}
