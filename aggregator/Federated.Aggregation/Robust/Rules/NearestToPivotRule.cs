using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// MoNNA (Farhadkhani et al., ICML 2023): the mean of the n − f updates nearest to a trusted one, itself among them. Trust is the
/// negated squared distance to it.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
/// <param name="pivot">Index of the trusted update.</param>
public sealed class NearestToPivotRule(int byzantine, int pivot = 0) : IGramRule
{
    public string Name => "monna";

    public GramCombination Combine(GramMatrix gram)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        RobustCondition.Majority(Name, n, byzantine);
        if (pivot < 0 || pivot >= n)
        {
            throw new ArgumentException($"Rule '{Name}': the pivot is {pivot}; there are updates 0 to {n - 1}.");
        }

        double[] distances = [.. Enumerable.Range(0, n).Select(i => gram.SquaredDistance(pivot, i))];
        return new GramCombination(Selection.Mean(Selection.Smallest(distances, n - byzantine), n), [.. distances.Select(distance => -distance)]);
    }
}
