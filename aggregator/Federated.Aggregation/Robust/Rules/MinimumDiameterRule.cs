using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// Minimum-diameter averaging, MDA (Rousseeuw 1985; El Mhamdi et al., ICML 2018): the mean of the n − f updates whose largest
/// distance is smallest, by search over all subsets; the first in lexicographic order of several. Trust is 1 for those chosen.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n and few enough subsets.</param>
public sealed class MinimumDiameterRule(int byzantine) : IGramRule
{
    public string Name => "mda";

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
            double diameter = 0;
            for (int i = 0; i < subset.Length && diameter < smallest; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    diameter = Math.Max(diameter, gram.SquaredDistance(subset[i], subset[j]));
                }
            }

            if (diameter < smallest)
            {
                smallest = diameter;
                best = [.. subset];
            }
        }

        return new GramCombination(Selection.Mean(best, n), [.. Enumerable.Range(0, n).Select(i => best.Contains(i) ? 1.0 : 0)]);
    }
}
