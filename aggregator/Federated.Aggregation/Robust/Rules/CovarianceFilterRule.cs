using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// CAF, covariance-bound-agnostic filter (Allouah et al., 2024): lowers the weight of updates that deviate along the top
/// eigenvector of the weighted covariance until a weight of n − 2f is left; the result is the weighted mean whose top
/// eigenvalue was smallest. Trust is its weight.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class CovarianceFilterRule(int byzantine) : IGramRule
{
    public string Name => "caf";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Majority(Name, n, f);
        double[] weights = [.. Enumerable.Repeat(1.0, n)];
        double[] best = weights;
        double smallest = double.PositiveInfinity;

        // Each step takes the weight of at least one update away, so there are at most n.
        do
        {
            (double largest, double[] along) = Combination.TopCovariance(gram, weights);
            if (largest < smallest)
            {
                smallest = largest;
                best = weights;
            }

            double worst = along.Where((_, i) => weights[i] > 0).Max();
            if (worst <= 0)
            {
                break;
            }

            weights = [.. weights.Select((weight, i) => Math.Max(0, weight * (1 - (along[i] / worst))))];
        }
        while (weights.Sum() > n - (2 * f));

        double total = best.Sum();
        return new GramCombination([.. best.Select(weight => weight / total)], best);
    }
}
