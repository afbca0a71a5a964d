using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>
/// SignGuard (Xu, Huang, Song and Lan, ICDCS 2022, arXiv:2109.05872): keeps updates whose norm is near the median norm and whose shares of
/// positive, zero and negative signs lie in the largest cluster; returns the mean of those, each clipped to the median norm. It does not use f; the
/// largest cluster has to be honest.
/// </summary>
/// <remarks>
/// As in the authors' code each share is divided by the largest of its kind, and the bandwidth of the mean shift is estimated with quantile 0.5.
/// Two pins of our own: the coordinates are drawn one by one, not as a run of neighbours, and when no update passes both tests those that pass the
/// norm test are taken. The similarity with the last aggregate, which the paper has as a variant, is left out. Trust is 1 for those kept.
/// </remarks>
public sealed class SignGuard
{
    /// <summary>Its name in a job definition.</summary>
    public const string Name = "signguard";

    private readonly SignGuardOptions _options;

    /// <summary>Sets the bounds.</summary>
    public SignGuard(SignGuardOptions? options = null) => _options = options ?? new SignGuardOptions();

    /// <summary>Aggregates. An update that is not finite is never kept.</summary>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="random">Decides the coordinates; devices must not be able to foresee it.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">No update is finite, or lengths differ.</exception>
    public GramCombination Aggregate(IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, CounterRandom random, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(random);
        double[] squares = [.. updates.Select(update => VectorMath.SquaredNorm(update.Span))];
        int[] finite = [.. Enumerable.Range(0, updates.Count).Where(i => double.IsFinite(squares[i]))];
        RobustCondition.Majority(Name, finite.Length, 0);
        float[][] samples = CoordinateSample.Read([.. finite.Select(i => updates[i])], 0, destination.Length, _options.SampleSize, random);
        GramCombination kept = Combine([.. finite.Select(i => Math.Sqrt(squares[i]))], samples);
        double[] coefficients = new double[updates.Count], trust = new double[updates.Count];
        for (int k = 0; k < finite.Length; k++)
        {
            coefficients[finite[k]] = kept.Coefficients[k];
            trust[finite[k]] = kept.Trust[k];
        }

        WeightedSum.Compute(updates, coefficients, destination, degree);
        return new GramCombination(coefficients, trust);
    }

    /// <summary>Finds the combination.</summary>
    /// <param name="norms">Norms of the updates, all finite.</param>
    /// <param name="samples">Sampled coordinates of each.</param>
    internal GramCombination Combine(double[] norms, float[][] samples)
    {
        int count = norms.Length;
        double[] sorted = [.. norms.Order()];
        double median = 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]);
        bool Fits(int i) => median == 0 ? norms[i] == 0 : norms[i] > _options.Shortest * median && norms[i] < _options.Longest * median;

        double[][] features = Features(samples);
        int[] kept = [.. MeanShift.LargestCluster(features, MeanShift.Bandwidth(features)).Where(Fits)];
        if (kept.Length == 0)
        {
            kept = [.. Enumerable.Range(0, count).Where(Fits)];
        }

        double[] coefficients = new double[count], trust = new double[count];
        foreach (int i in kept)
        {
            coefficients[i] = (norms[i] > median ? median / norms[i] : 1) / kept.Length;
            trust[i] = 1;
        }

        return new GramCombination(coefficients, trust);
    }

    private static double[][] Features(float[][] samples)
    {
        double[][] shares = [.. samples.Select(Shares)];
        double[] largest = [.. Enumerable.Range(0, 3).Select(kind => shares.Max(share => share[kind]))];
        return [.. shares.Select(share => share.Select((value, kind) => value / (largest[kind] + 1e-8)).ToArray())];
    }

    private static double[] Shares(float[] sample)
    {
        int positive = sample.Count(value => value > 0), negative = sample.Count(value => value < 0);
        double all = Math.Max(1, sample.Length);
        return [positive / all, (sample.Length - positive - negative) / all, negative / all];
    }
}
