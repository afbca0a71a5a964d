using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// MoNNA (Farhadkhani et al., ICML 2023): the mean of the n − f updates nearest to a trusted one, itself among them. Trust is the
/// negated squared distance to it.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
/// <param name="pivot">Position of the trusted update among all that arrived.</param>
public sealed class NearestToPivotRule(int byzantine, int pivot = 0) : IGramRule
{
    public string Name => "monna";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Majority(Name, n, f);
        if (pivot < 0 || pivot >= n + dropped.Count || dropped.Contains(pivot))
        {
            throw new ArgumentException($"Rule '{Name}': the pivot is {pivot}; it must be one of the {n} finite updates of {n + dropped.Count}.");
        }

        int trusted = pivot - dropped.Count(position => position < pivot);
        double[] distances = [.. Enumerable.Range(0, n).Select(i => gram.SquaredDistance(trusted, i))];
        return new GramCombination(Selection.Mean(Selection.Smallest(distances, n - f), n), [.. distances.Select(distance => -distance)]);
    }
}
