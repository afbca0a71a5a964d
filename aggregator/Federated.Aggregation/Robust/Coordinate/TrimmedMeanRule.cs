namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Trimmed mean (Yin et al., ICML 2018): without the f smallest and the f largest values of each coordinate.</summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class TrimmedMeanRule(int byzantine) : ICoordinateRule
{
    public string Name => "trimmed-mean";

    public (int From, int To) Ranks(int count)
    {
        RobustCondition.Majority(Name, count, byzantine);
        return (byzantine, count - byzantine);
    }

    public void Reduce(ReadOnlySpan<float> sorted, int count, Span<float> result) =>
        SortedRows.Mean(sorted, byzantine, count - byzantine, result);
}
