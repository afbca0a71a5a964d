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
        int byzantine = RobustCondition.Left(_byzantine, [.. Enumerable.Range(0, updates.Count).Except(finite)]);
        RobustCondition.Majority(Name, finite.Length, byzantine);
        int removed = Math.Min((int)(_options.FilterFraction * byzantine), finite.Length - 1);
        int[] kept = new int[finite.Length];
        int length = updates[finite[0]].Length;
        for (int turn = 0; turn < _options.Samples; turn++)
        {
            int[] coordinates = random.Choose(length, Math.Min(_options.SampleSize, length));
            double[] scores = Scores([.. finite.Select(k => Sample(updates[k].Span, coordinates))]);
            foreach (int i in Enumerable.Range(0, finite.Length).OrderBy(i => scores[i]).Take(finite.Length - removed))
            {
                kept[i]++;
            }
        }

        // Samples may disagree so far that none is kept in all: then those kept most often are.
        int most = kept.Max();
        int[] chosen = [.. Enumerable.Range(0, finite.Length).Where(i => kept[i] == most)];
        double[] coefficients = new double[updates.Count];
        double[] trust = new double[updates.Count];
        for (int i = 0; i < finite.Length; i++)
        {
            trust[finite[i]] = (double)kept[i] / _options.Samples;
        }

        foreach (int i in chosen)
        {
            coefficients[finite[i]] = 1.0 / chosen.Length;
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

        GramMatrix gram = GramMatrix.Compute([.. sample.Select(vector => (ReadOnlyMemory<float>)vector)]);
        var eigen = new SymmetricEigen(gram.Products, gram.Count);
        return [.. eigen.Vectors[0].Select(w => eigen.Values[0] * w * w)];
    }

    private static float[] Sample(ReadOnlySpan<float> update, int[] coordinates)
    {
        float[] sample = new float[coordinates.Length];
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = update[coordinates[i]];
        }

        return sample;
    }
}
