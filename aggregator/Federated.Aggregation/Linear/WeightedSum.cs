using Federated.Aggregation.Kernels;

namespace Federated.Aggregation.Linear;

/// <summary>
/// Weighted sums of float32 vectors that are all at hand. Sums are float64; the result differs from the exact one by at most
/// <c>(n + 2) · 2^-52 · Σ|c·x|</c> plus one float32 rounding, and has the same bits for any degree.
/// </summary>
public static class WeightedSum
{
    /// <summary><c>destination ← Σ coefficient_k · vector_k</c>. A vector with coefficient 0 is not read, whatever it contains.</summary>
    /// <param name="vectors">The vectors; none gives zeros.</param>
    /// <param name="coefficients">One finite number per vector, of any sign.</param>
    /// <param name="destination">As long as each vector; none of them.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a coefficient is not finite.</exception>
    public static unsafe void Compute(
        IReadOnlyList<ReadOnlyMemory<float>> vectors, ReadOnlySpan<double> coefficients, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentOutOfRangeException.ThrowIfNegative(degree);
        if (vectors.Count != coefficients.Length)
        {
            throw new ArgumentException($"There are {vectors.Count} vectors and {coefficients.Length} coefficients.", nameof(coefficients));
        }

        for (int k = 0; k < coefficients.Length; k++)
        {
            if (!double.IsFinite(coefficients[k]))
            {
                throw new ArgumentException($"Coefficient {k} is {coefficients[k]}; it must be finite.", nameof(coefficients));
            }
        }

        using var pins = new PinnedVectors(vectors);
        if (vectors.Count > 0 && pins.Length != destination.Length)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; the vectors have {pins.Length}.", nameof(destination));
        }

        int[] used = [.. Enumerable.Range(0, vectors.Count).Zip(coefficients.ToArray()).Where(pair => pair.Second != 0).Select(pair => pair.First)];
        nint[] sources = [.. used.Select(k => pins.Addresses[k])];
        double[] factors = new double[used.Length];
        for (int k = 0; k < used.Length; k++)
        {
            factors[k] = coefficients[used[k]];
        }

        if (used.Length == 0)
        {
            destination.Clear();
            return;
        }

        fixed (float* start = destination)
        {
            float* target = start;
            ParallelRanges.Run(
                destination.Length,
                degree == 0 ? Environment.ProcessorCount : degree,
                (from, to) => WeightedSumKernel.Run(sources, factors, target, from, to));
        }
    }
}
