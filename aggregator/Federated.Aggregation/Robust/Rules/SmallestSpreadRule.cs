using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// SMEA, smallest maximum-eigenvalue averaging (Allouah et al., ICML 2023): the mean of the n − f updates whose covariance has
/// the smallest top eigenvalue, by search over all subsets. Trust is 1 for those chosen.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n and few enough subsets.</param>
public sealed class SmallestSpreadRule(int byzantine) : IGramRule
{
    public string Name => "smea";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Subsets(Name, n, f);
        int[] best = [];
        double smallest = double.PositiveInfinity;
        foreach (int[] subset in Selection.Subsets(n, n - f))
        {
            double[] equal = [.. Enumerable.Repeat(1.0, subset.Length)];
            double largest = Combination.TopCovariance(gram.Select(subset), equal).Largest;
            if (largest < smallest)
            {
                smallest = largest;
                best = [.. subset];
            }
        }

        return new GramCombination(Selection.Mean(best, n), [.. Enumerable.Range(0, n).Select(i => best.Contains(i) ? 1.0 : 0)]);
    }
}
