using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>The mean of the n − f updates that spread least, by search over all subsets; the first in lexicographic order of several. Trust is 1 for those chosen.</summary>
internal static class ClosestSubset
{
    /// <param name="rule">Name of the rule, for refusals.</param>
    /// <param name="byzantine">f, with 2f &lt; n and few enough subsets.</param>
    /// <param name="gram">Inner products of the updates.</param>
    /// <param name="dropped">Updates that are left out already.</param>
    /// <param name="spreadOf">The spread of a subset; anything not below the second argument, the smallest so far, where it is not below that.</param>
    public static GramCombination Combine(string rule, int byzantine, GramMatrix gram, IReadOnlyList<int> dropped, Func<int[], double, double> spreadOf)
    {
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Subsets(rule, n, f);
        int[] best = [];
        double smallest = double.PositiveInfinity;
        foreach (int[] subset in Selection.Subsets(n, n - f))
        {
            double spread = spreadOf(subset, smallest);
            if (spread < smallest)
            {
                smallest = spread;
                best = [.. subset];
            }
        }

        return new GramCombination(Selection.Mean(best, n), [.. Enumerable.Range(0, n).Select(i => best.Contains(i) ? 1.0 : 0)]);
    }
}
