namespace Federated.Aggregation.Robust.Outliers;

/// <summary>
/// Mean-shift clustering with a flat kernel, as scikit-learn's <c>MeanShift</c> without binned seeds: every point climbs to the mean of the points
/// within the bandwidth until it rests; resting places nearer than the bandwidth to a denser one are dropped. Of equally dense ones the larger in
/// lexicographic order counts as denser, and sums go over the points in lexicographic order, so that the order of the points does not matter: shares of signs are multiples of one
/// over the sample's size, and where one lies exactly at the bandwidth the last bit of a sum decides.
/// </summary>
internal static class MeanShift
{
    private const int MostSteps = 300;
    private const double Rest = 1e-3;
    private const double SmallestBandwidth = 1e-9;

    /// <summary>Mean distance of a point to its ⌊n/2⌋-th nearest, itself among them.</summary>
    public static double Bandwidth(double[][] points)
    {
        int rank = Math.Max(1, points.Length / 2);
        points = InOrder(points);
        return Math.Max(SmallestBandwidth, points.Average(a => points.Select(b => Distance(a, b)).Order().ElementAt(rank - 1)));
    }

    /// <summary>The members of the largest cluster; of equally large ones the denser. A point farther than the bandwidth from every centre is in none.</summary>
    public static int[] LargestCluster(double[][] points, double bandwidth)
    {
        List<double[]> centres = [];
        double[][] ordered = InOrder(points);
        IEnumerable<double[]> modes = ordered.Select(point => Climb(ordered, point, bandwidth))
            .OrderByDescending(mode => Near(ordered, mode, bandwidth).Count())
            .ThenByDescending(mode => mode[0])
            .ThenByDescending(mode => mode[^1]);
        foreach (double[] mode in modes)
        {
            if (centres.TrueForAll(centre => Distance(centre, mode) >= bandwidth))
            {
                centres.Add(mode);
            }
        }

        int[] labels = [.. points.Select(point => Label(centres, point, bandwidth))];
        int largest = Enumerable.Range(0, centres.Count).MaxBy(centre => labels.Count(label => label == centre));
        return [.. Enumerable.Range(0, points.Length).Where(i => labels[i] == largest)];
    }

    private static double[][] InOrder(double[][] points) =>
        [.. points.Order(Comparer<double[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];

    private static double[] Climb(double[][] points, double[] start, double bandwidth)
    {
        double[] at = start;
        for (int step = 0; step < MostSteps; step++)
        {
            double[][] near = [.. Near(points, at, bandwidth)];
            double[] mean = [.. at.Select((_, axis) => near.Average(point => point[axis]))];
            double moved = Distance(at, mean);
            at = mean;
            if (moved <= Rest * bandwidth)
            {
                break;
            }
        }

        return at;
    }

    private static int Label(List<double[]> centres, double[] point, double bandwidth)
    {
        int nearest = Enumerable.Range(0, centres.Count).MinBy(centre => Distance(centres[centre], point));
        return Distance(centres[nearest], point) <= bandwidth ? nearest : -1;
    }

    private static IEnumerable<double[]> Near(double[][] points, double[] at, double bandwidth) => points.Where(point => Distance(point, at) <= bandwidth);

    private static double Distance(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }

        return Math.Sqrt(sum);
    }
}
