namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Coordinate median (Yin et al., ICML 2018); the mean of the two middle values when their number is even.</summary>
public sealed class MedianRule : ICoordinateRule
{
    public string Name => "median";

    public (int From, int To) Ranks(int count)
    {
        RobustCondition.Majority(Name, count, 0);
        return ((count - 1) / 2, (count / 2) + 1);
    }

    public void Reduce(ReadOnlySpan<float> sorted, int count, Span<float> result) => SortedRows.Median(sorted, count, result);
}
