using Federated.Protocol.Statistics;

namespace Federated.Coordination.Algorithms.Statistics;

/// <summary>Moments of some columns (features, or channels) over all the data that devices have summed.</summary>
/// <param name="Counts">Values, by column.</param>
/// <param name="Means">Their means; null where there is no value.</param>
/// <param name="Variances">Their variances, divided by the count; null where there is no value.</param>
public sealed record PooledMoments(IReadOnlyList<double> Counts, IReadOnlyList<double?> Means, IReadOnlyList<double?> Variances)
{
    /// <summary>Moments from sums. The variance is that of all values: between devices as well as within them.</summary>
    /// <param name="sums">Pooled sums.</param>
    /// <param name="first">The first column wanted.</param>
    /// <param name="columns">How many.</param>
    public static PooledMoments Of(MomentSums sums, int first, int columns)
    {
        double[] counts = sums.Counts.Slice(first, columns).ToArray();
        double?[] means = new double?[columns], variances = new double?[columns];
        for (int i = 0; i < columns; i++)
        {
            if (counts[i] > 0)
            {
                double mean = sums.Sums[first + i] / counts[i];
                means[i] = mean;
                variances[i] = Math.Max(0, (sums.Squares[first + i] / counts[i]) - (mean * mean));
            }
        }

        return new PooledMoments(counts, means, variances);
    }
}
