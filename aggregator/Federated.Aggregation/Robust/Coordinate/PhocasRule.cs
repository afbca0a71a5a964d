namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Phocas (Xie, Koyejo and Gupta, 2018): the mean of the n − f values of each coordinate nearest to its trimmed mean.</summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class PhocasRule(int byzantine) : ICoordinateRule
{
    public string Name => "phocas";

    public (int From, int To) Ranks(int count)
    {
        RobustCondition.Majority(Name, count, byzantine);
        return (0, count);
    }

    public void Reduce(ReadOnlySpan<float> sorted, int count, Span<float> result)
    {
        SortedRows.Mean(sorted, byzantine, count - byzantine, result);
        SortedRows.MeanNearest(sorted, count, count - byzantine, result);
    }
}
