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
        return ClosestSubset.Combine(Name, byzantine, gram, dropped, (subset, smallest) => Diameter(gram, subset, smallest));
    }

    /// <summary>The largest squared distance within a subset, or one that is not below <paramref name="enough"/>.</summary>
    private static double Diameter(GramMatrix gram, int[] subset, double enough)
    {
        double diameter = 0;
        for (int i = 0; i < subset.Length && diameter < enough; i++)
        {
            for (int j = 0; j < i; j++)
            {
                diameter = Math.Max(diameter, gram.SquaredDistance(subset[i], subset[j]));
            }
        }

        return diameter;
    }
}
