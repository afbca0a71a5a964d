namespace Federated.Aggregation.Robust.Catalog;

/// <summary>Weights that clients claim, cut to their median: nobody buys influence by claiming examples.</summary>
public static class MedianWeights
{
    /// <summary>Each weight, but no more than the median of all (the mean of the two middle ones).</summary>
    /// <param name="weights">At least one.</param>
    public static double[] Cap(IReadOnlyList<double> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        double[] sorted = [.. weights.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return [.. weights.Select(weight => Math.Min(weight, median))];
    }
}
