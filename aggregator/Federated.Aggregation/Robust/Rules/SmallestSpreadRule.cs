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
        return ClosestSubset.Combine(
            Name, byzantine, gram, dropped, (subset, _) => Combination.TopCovariance(gram.Select(subset), [.. Enumerable.Repeat(1.0, subset.Length)]).Largest);
    }
}
