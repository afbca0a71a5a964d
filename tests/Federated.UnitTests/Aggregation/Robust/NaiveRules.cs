using Federated.UnitTests.Aggregation.Robust.Coordinates;

namespace Federated.UnitTests.Aggregation.Robust;

/// <summary>The robust rules in parameter space, float64, as their papers' sentences read: no Gram matrix, no sorting network.</summary>
internal static class NaiveRules
{
    public static double[] Mean(IEnumerable<double[]> chosen)
    {
        double[][] vectors = [.. chosen];
        return RobustData.Combine(vectors, [.. vectors.Select(_ => 1.0 / vectors.Length)]);
    }

    public static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());

    public static double[] Krum(double[][] x, int f, int chosen) =>
        Mean(x.OrderBy(a => x.Where(b => b != a).Select(b => Math.Pow(Distance(a, b), 2)).Order().Take(x.Length - f - 1).Sum()).Take(chosen));

    public static double[] Mda(double[][] x, int f) =>
        Mean(Subsets(x, x.Length - f).MinBy(subset => subset.Max(a => subset.Max(b => Distance(a, b))))!);

    public static double[] Smea(double[][] x, int f) =>
        Mean(Subsets(x, x.Length - f).MinBy(subset => Top(subset, [.. subset.Select(_ => 1.0)]).Largest)!);

    public static double[] GeometricMedian(double[][] x, double smoothing, int iterations)
    {
        double[] centre = new double[x[0].Length];
        for (int t = 0; t < iterations; t++)
        {
            double[] weights = [.. x.Select(a => 1 / Math.Max(smoothing, Distance(a, centre)))];
            centre = RobustData.Combine(x, [.. weights.Select(weight => weight / weights.Sum())]);
        }

        return centre;
    }

    public static double[] CentredClipping(double[][] x, double[] start, double radius, int iterations)
    {
        double[] v = [.. start];
        for (int t = 0; t < iterations; t++)
        {
            double[] centre = v;
            double[] move = Mean(x.Select(a => a.Zip(centre, (p, q) => (p - q) * Math.Min(1, radius / Distance(a, centre))).ToArray()));
            v = [.. v.Zip(move, (p, q) => p + q)];
        }

        return v;
    }

    public static double[] Monna(double[][] x, int f, int pivot) => Mean(x.OrderBy(a => Distance(a, x[pivot])).Take(x.Length - f));

    public static double[] Caf(double[][] x, int f)
    {
        double[] weights = [.. x.Select(_ => 1.0)], best = [];
        double smallest = double.PositiveInfinity;
        do
        {
            (double largest, double[] along) = Top(x, weights);
            double[] mean = RobustData.Combine(x, [.. weights.Select(weight => weight / weights.Sum())]);
            (smallest, best) = largest < smallest ? (largest, mean) : (smallest, best);
            weights = [.. weights.Select((weight, i) => weight * (1 - (along[i] / along.Where((_, j) => weights[j] > 0).Max())))];
        }
        while (weights.Sum() > x.Length - (2 * f));

        return best;
    }

    /// <summary>Krum's choice n − 2f times, then the mean of the n − 4f values of each coordinate nearest to the median of those chosen.</summary>
    public static double[] Bulyan(double[][] x, int f)
    {
        List<double[]> left = [.. x], chosen = [];
        while (chosen.Count < x.Length - (2 * f))
        {
            double[] best = left.MinBy(a => left.Where(b => b != a).Select(b => Math.Pow(Distance(a, b), 2)).Order().Take(left.Count - f - 1).Sum())!;
            left.Remove(best);
            chosen.Add(best);
        }

        return
        [
            .. x[0].Select((_, j) =>
            {
                double[] values = [.. chosen.Select(a => a[j])];
                return NaiveCoordinates.NearestMean(values, NaiveCoordinates.Median(values), x.Length - (4 * f));
            }),
        ];
    }

    /// <summary>The norm test, the largest cluster of sign shares, and the mean of both clipped to the median norm.</summary>
    public static double[] SignGuard(double[][] x)
    {
        double[] norms = [.. x.Select(a => Math.Sqrt(NaiveFlag.Dot(a, a)))];
        double median = NaiveCoordinates.Median(norms);
        double[][] shares = [.. x.Select(a => new[] { a.Count(v => v > 0), a.Count(v => v == 0), a.Count(v => v < 0) }.Select(c => c / (double)a.Length).ToArray())];
        double[][] features = [.. shares.Select(s => s.Select((v, kind) => v / (shares.Max(t => t[kind]) + 1e-8)).ToArray())];
        double width = features.Average(a => features.Select(b => Distance(a, b)).Order().ElementAt(Math.Max(1, x.Length / 2) - 1));
        double[][] modes = [.. features.Select(a =>
        {
            for (int step = 0; step < 1000; step++)
            {
                a = Mean(features.Where(b => Distance(a, b) <= width));
            }

            return a;
        })];
        List<double[]> centres = [];
        foreach (double[] mode in modes.OrderByDescending(mode => features.Count(b => Distance(mode, b) <= width)).ThenByDescending(mode => mode[0]).ThenByDescending(mode => mode[2]))
        {
            if (centres.All(centre => Distance(centre, mode) >= width))
            {
                centres.Add(mode);
            }
        }

        int[][] clusters = [.. centres.Select(centre => Enumerable.Range(0, x.Length).Where(i => centres.MinBy(c => Distance(c, features[i])) == centre && Distance(centre, features[i]) <= width).ToArray())];
        int[] kept = [.. clusters.MaxBy(cluster => cluster.Length)!.Where(i => norms[i] > 0.1 * median && norms[i] < 3 * median)];
        return Mean(kept.Select(i => x[i].Select(v => v * Math.Min(1, median / norms[i])).ToArray()));
    }

    // In the order of the updates, so that equal sets have equal means.
    public static double[][] Nnm(double[][] x, int f) =>
        [.. x.Select(a => Mean(Enumerable.Range(0, x.Length).OrderBy(i => Distance(a, x[i])).Take(x.Length - f).Order().Select(i => x[i])))];

    public static double[][] Clip(double[][] x, double bound) =>
        [.. x.Select(a => a.Select(value => value * Math.Min(1, bound / Math.Sqrt(NaiveFlag.Dot(a, a)))).ToArray())];

    public static double[][] Arc(double[][] x, int f)
    {
        int n = x.Length, clipped = (int)Math.Floor(2.0 * f / n * (n - f));
        return Clip(x, x.Select(a => Math.Sqrt(NaiveFlag.Dot(a, a))).Order().ElementAt(n - clipped - 1));
    }

    // The covariance's top eigenpair by power iteration.
    private static (double Largest, double[] Along) Top(double[][] x, double[] weights)
    {
        double total = weights.Sum();
        double[] mean = RobustData.Combine(x, [.. weights.Select(weight => weight / total)]);
        double[][] centred = [.. x.Select(a => a.Zip(mean, (p, q) => p - q).ToArray())];
        double[] v = [.. mean.Select((_, i) => 1 + Math.Sin(i + 1))];
        double value = 0;
        for (int t = 0; t < 3000; t++)
        {
            double[] image = RobustData.Combine(centred, [.. centred.Select((a, i) => weights[i] / total * NaiveFlag.Dot(a, v))]);
            value = Math.Sqrt(NaiveFlag.Dot(image, image));
            double[] last = v;
            v = [.. image.Select(p => p / Math.Max(value, 1e-300))];
            if (Distance(last, v) < 1e-14)
            {
                break;
            }
        }

        return (value, [.. centred.Select(a => Math.Pow(NaiveFlag.Dot(a, v), 2))]);
    }

    // Lexicographic, because the first of several equally good subsets counts.
    private static IEnumerable<double[][]> Subsets(double[][] x, int size) =>
        Enumerable.Range(0, 1 << x.Length)
            .Reverse()
            .Where(mask => System.Numerics.BitOperations.PopCount((uint)mask) == size)
            .Select(mask => x.Where((_, i) => (mask >> (x.Length - 1 - i) & 1) == 1).ToArray());
}
