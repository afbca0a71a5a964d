namespace Federated.Aggregation.Linear;

/// <summary>Weighted mean of float32 vectors that are all at hand; the bound is that of <see cref="WeightedSum"/>.</summary>
public static class WeightedMean
{
    /// <summary><c>destination ← Σ w_k · vector_k / Σ w_k</c>. A vector of weight 0 is not read.</summary>
    /// <param name="vectors">The vectors, at least one.</param>
    /// <param name="weights">One finite weight per vector, at least 0, not all 0.</param>
    /// <param name="destination">As long as each vector; none of them.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a weight is out of range.</exception>
    public static void Compute(
        IReadOnlyList<ReadOnlyMemory<float>> vectors, ReadOnlySpan<double> weights, Span<float> destination, int degree = 0)
    {
        double total = 0;
        foreach (double weight in weights)
        {
            if (!double.IsFinite(weight) || weight < 0)
            {
                throw new ArgumentException($"A weight is {weight}; weights are finite and at least 0.", nameof(weights));
            }

            total += weight;
        }

        if (!(total > 0) || !double.IsFinite(total))
        {
            throw new ArgumentException($"The weights of {weights.Length} vectors sum to {total}: there is no mean.", nameof(weights));
        }

        double[] coefficients = new double[weights.Length];
        for (int k = 0; k < coefficients.Length; k++)
        {
            coefficients[k] = weights[k] / total;
        }

        WeightedSum.Compute(vectors, coefficients, destination, degree);
    }
}
