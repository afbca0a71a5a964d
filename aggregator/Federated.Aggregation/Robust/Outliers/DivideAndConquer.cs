using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>
/// DnC (Shejwalkar, Houmansadr 2021): several times, looks at a random sample of the coordinates, and drops the updates that lie farthest along the leading direction
/// of the centred sample; returns the mean of those that were never dropped.
/// </summary>
public sealed class DivideAndConquer
{
    /// <summary>Its name in a job definition.</summary>
    public const string Name = "dnc";

    private readonly int _byzantine;
    private readonly DivideAndConquerOptions _options;

    /// <summary>Sets f.</summary>
    public DivideAndConquer(int byzantine, DivideAndConquerOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byzantine);
        _byzantine = byzantine;
        _options = options ?? new DivideAndConquerOptions();
    }

    /// <summary>Chooses the updates to trust. An update that is not finite is never chosen and counts as one of the f.</summary>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="random">Decides the samples; devices must not be able to foresee it.</param>
    /// <returns>Coefficients of the mean of the chosen updates; the trust is the share of the samples in which an update was kept.</returns>
    /// <exception cref="ArgumentException">There are too few finite updates for f.</exception>
    public GramCombination Choose(IReadOnlyList<ReadOnlyMemory<float>> updates, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(random);
        int[] finite = [.. Enumerable.Range(0, updates.Count).Where(k => VectorMath.FiniteSquaredNorm(updates[k].Span, out _))];
        int[] dropped = [.. Enumerable.Range(0, updates.Count).Except(finite)];
        RobustCondition.Majority(Name, finite.Length, RobustCondition.Left(_byzantine, dropped));
        GramCombination choice = Combine(Sample([.. finite.Select(k => updates[k])], 0, updates[0].Length, random), dropped);
        double[] coefficients = new double[updates.Count], trust = new double[updates.Count];
        for (int i = 0; i < finite.Length; i++)
        {
            coefficients[finite[i]] = choice.Coefficients[i];
            trust[finite[i]] = choice.Trust[i];
        }

        return new GramCombination(coefficients, trust);
    }

    /// <summary>Chooses and averages.</summary>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="random">Decides the samples.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    public GramCombination Aggregate(IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, CounterRandom random, int degree = 0)
    {
        GramCombination choice = Choose(updates, random);
        WeightedSum.Compute(updates, choice.Coefficients, destination, degree);
        return choice;
    }

    /// <summary>The samples of updates, or of a shard's range of them (see <see cref="CoordinateSample"/>): one entry per turn.</summary>
    internal float[][][] Sample(IReadOnlyList<ReadOnlyMemory<float>> updates, int from, int length, CounterRandom random) =>
        [.. Enumerable.Range(0, _options.Samples).Select(_ => CoordinateSample.Read(updates, from, length, _options.SampleSize, random))];

    /// <summary>Chooses among finite updates by their samples, which it overwrites.</summary>
    internal GramCombination Combine(float[][][] samples, IReadOnlyList<int> dropped)
    {
        int count = samples[0].Length;
        int byzantine = RobustCondition.Left(_byzantine, dropped);
        RobustCondition.Majority(Name, count, byzantine);
        int removed = Math.Min((int)(_options.FilterFraction * byzantine), count - 1);
        int[] kept = new int[count];
        foreach (float[][] sample in samples)
        {
            double[] scores = Scores(sample);
            foreach (int i in Selection.Smallest(scores, count - removed))
            {
                kept[i]++;
            }
        }

        // Samples may disagree so far that none is kept in all: then those kept most often are.
        int most = kept.Max();
        return new GramCombination(
            Selection.Mean(Enumerable.Range(0, count).Where(i => kept[i] == most), count), [.. kept.Select(times => (double)times / samples.Length)]);
    }

    // Squared coordinates along the leading right singular vector of the centred sample: θ · w_i² for the leading eigenpair of its Gram matrix.
    private static double[] Scores(float[][] sample)
    {
        float[] mean = new float[sample[0].Length];
        double[] shares = [.. Enumerable.Repeat(1.0 / sample.Length, sample.Length)];
        WeightedSum.Compute([.. sample.Select(vector => (ReadOnlyMemory<float>)vector)], shares, mean);
        foreach (float[] vector in sample)
        {
            VectorMath.Subtract(vector, mean, vector);
        }

        ReadOnlyMemory<float>[] vectors = [.. sample.Select(vector => (ReadOnlyMemory<float>)vector)];
        GramMatrix gram = CloseVectors.Refine(GramMatrix.Compute(vectors), vectors, degree: 0);
        var eigen = new SymmetricEigen(gram.Products, gram.Count);
        return [.. eigen.Vectors[0].Select(w => eigen.Values[0] * w * w)];
    }
}
