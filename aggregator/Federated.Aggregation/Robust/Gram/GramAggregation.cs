using Federated.Aggregation.Linear;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>Runs a Gram rule over updates that are all at hand: one pass for the Gram matrix, one for the weighted sum.</summary>
public static class GramAggregation
{
    /// <summary>Aggregates. Updates that are not finite are dropped before the rule sees them and count as f.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">No update is finite, lengths differ, or the rule cannot work with what is left.</exception>
    public static GramAggregate Run(IGramRule rule, IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(rule);
        GramMatrix gram = CloseVectors.Refine(GramMatrix.Compute(updates, degree), updates, degree);
        int[] finite = [.. Enumerable.Range(0, gram.Count).Where(i => double.IsFinite(gram[i, i]))];
        if (finite.Length == 0)
        {
            throw new ArgumentException($"None of {gram.Count} updates is finite: there is nothing to aggregate.", nameof(updates));
        }

        int[] dropped = [.. Enumerable.Range(0, gram.Count).Except(finite)];
        GramCombination combination = rule.Combine(dropped.Length == 0 ? gram : gram.Select(finite), dropped);
        double[] coefficients = new double[gram.Count], trust = new double[gram.Count];
        for (int k = 0; k < finite.Length; k++)
        {
            coefficients[finite[k]] = combination.Coefficients[k];
            trust[finite[k]] = combination.Trust[k];
        }

        WeightedSum.Compute(updates, coefficients, destination, degree);
        return new GramAggregate(coefficients, trust, dropped);
    }
}
