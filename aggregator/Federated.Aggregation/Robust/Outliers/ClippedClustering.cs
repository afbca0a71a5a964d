using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>
/// Clipped clustering (Li, Ngai, Voigt 2023): scales updates that are longer than a bound down to it, divides them into two clusters by the cosine of the angle between
/// them, and returns the mean of the larger one. It does not use f; the larger cluster has to be honest.
/// </summary>
/// <remarks>
/// Clusters grow from single updates by average linkage of the distances 1 − cosine; of equal distances the pair of lower indices is joined, and of equally large clusters the
/// one of the first update is taken. The published bound is the median norm of all updates of the job so far, which the caller keeps. A zero update is
/// at distance 1 from all others. Trust is 1 in the chosen cluster and 0 outside.
/// </remarks>
public sealed class ClippedClustering : IGramRule
{
    private readonly double? _bound;

    /// <summary>Sets the bound.</summary>
    /// <param name="bound">The largest norm, positive; null for the median norm of the updates at hand.</param>
    public ClippedClustering(double? bound = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound ?? 1, nameof(bound));
        _bound = bound;
    }

    /// <inheritdoc/>
    public string Name => "clipped-clustering";

    /// <inheritdoc/>
    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int count = gram.Count;
        double[] norms = [.. Enumerable.Range(0, count).Select(gram.Norm)];
        double[] sorted = [.. norms.Order()];
        double bound = _bound ?? (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
        List<int> chosen = LargerCluster(gram, norms);
        double[] coefficients = new double[count];
        double[] trust = new double[count];
        foreach (int i in chosen)
        {
            coefficients[i] = (norms[i] > bound ? bound / norms[i] : 1) / chosen.Count;
            trust[i] = 1;
        }

        return new GramCombination(coefficients, trust);
    }

    private static List<int> LargerCluster(GramMatrix gram, double[] norms)
    {
        List<List<int>> clusters = [.. Enumerable.Range(0, norms.Length).Select(i => new List<int> { i })];
        while (clusters.Count > 2)
        {
            (int First, int Second) nearest = (0, 1);
            double smallest = double.PositiveInfinity;
            for (int a = 0; a < clusters.Count; a++)
            {
                for (int b = a + 1; b < clusters.Count; b++)
                {
                    double distance = clusters[a].Average(i => clusters[b].Average(j => CosineDistance(gram, norms, i, j)));
                    if (distance < smallest)
                    {
                        smallest = distance;
                        nearest = (a, b);
                    }
                }
            }

            clusters[nearest.First].AddRange(clusters[nearest.Second]);
            clusters.RemoveAt(nearest.Second);
        }

        // The cluster of the first update stays in front.
        return clusters.Count == 2 && clusters[1].Count > clusters[0].Count ? clusters[1] : clusters[0];
    }

    private static double CosineDistance(GramMatrix gram, double[] norms, int i, int j) =>
        norms[i] == 0 || norms[j] == 0 ? 1 : 1 - (gram[i, j] / (norms[i] * norms[j]));
}
