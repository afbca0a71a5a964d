namespace Federated.Aggregation.Robust.Catalog;

/// <summary>Weights in the final sum.</summary>
internal static class RoundWeights
{
    /// <summary>The weights, when each is finite and at least 0.</summary>
    public static IReadOnlyList<double>? Check(string rule, IReadOnlyList<double>? weights, int count)
    {
        if (weights is null)
        {
            return null;
        }

        if (weights.Count != count)
        {
            throw new ArgumentException($"Rule '{rule}': there are {weights.Count} weights for {count} updates.");
        }

        foreach (double weight in weights)
        {
            if (!double.IsFinite(weight) || weight < 0)
            {
                throw new ArgumentException($"Rule '{rule}': a weight is {weight}; weights are finite and at least 0.");
            }
        }

        return weights;
    }

    /// <summary>
    /// Coefficients times weights, brought back to the sum of the coefficients' magnitudes: a mean of some updates becomes their weighted mean. When
    /// nothing that has a coefficient has a weight, the coefficients stay. Those behind the weights, of a centre, stay as well.
    /// </summary>
    public static double[] Apply(double[] coefficients, double[]? weights)
    {
        if (weights is null)
        {
            return coefficients;
        }

        double before = weights.Select((_, i) => Math.Abs(coefficients[i])).Sum();
        double after = weights.Select((weight, i) => Math.Abs(coefficients[i]) * weight).Sum();
        return after > 0 ? [.. coefficients.Select((c, i) => i < weights.Length ? c * weights[i] * (before / after) : c)] : coefficients;
    }
}
