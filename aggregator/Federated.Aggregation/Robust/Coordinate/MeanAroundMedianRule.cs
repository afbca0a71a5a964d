namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>MeaMed (Xie, Koyejo and Gupta, 2018): the mean of the n − f values of each coordinate nearest to its median.</summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class MeanAroundMedianRule(int byzantine) : ICoordinateRule
{
    public string Name => "meamed";

    public (int From, int To) Ranks(int count)
    {
        RobustCondition.Majority(Name, count, byzantine);
        return (0, count);
    }

    public void Reduce(ReadOnlySpan<float> sorted, int count, Span<float> result)
    {
        SortedRows.Median(sorted, count, result);
        SortedRows.MeanNearest(sorted, count, count - byzantine, result);
    }
}
