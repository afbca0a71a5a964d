using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// Krum and Multi-Krum (Blanchard et al., NeurIPS 2017): the score of an update is the mean squared distance to its n − f − 1
/// nearest others; Krum takes the update of the lowest score, Multi-Krum the mean of the n − f lowest. Trust is the negated score.
/// </summary>
/// <remarks>
/// The conventions are ByzFL's. The paper uses n − f − 2 neighbours; the Flag authors' code sums unsquared distances.
/// </remarks>
/// <param name="byzantine">f, with 2f &lt; n.</param>
/// <param name="isMulti">Whether it is Multi-Krum.</param>
public sealed class KrumRule(int byzantine, bool isMulti) : IGramRule
{
    public string Name => isMulti ? "multi-krum" : "krum";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Majority(Name, n, f);
        int neighbours = n - f - 1;
        double[] scores =
        [
            .. Enumerable.Range(0, n).Select(i =>
                Enumerable.Range(0, n).Where(j => j != i).Select(j => gram.SquaredDistance(i, j)).Order().Take(neighbours).DefaultIfEmpty(0).Average()),
        ];
        return new GramCombination(
            Selection.Mean(Selection.Smallest(scores, isMulti ? n - f : 1), n), [.. scores.Select(score => -score)]);
    }
}
