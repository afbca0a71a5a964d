using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// The first stage of Bulyan (El Mhamdi, Guerraoui and Rouault, ICML 2018): takes n − 2f updates, one after another, each the one
/// that Krum chooses among those that are left. Alone it is their mean; the second stage is <c>NearestToMedian</c>. Trust is 1
/// for those taken.
/// </summary>
/// <remarks>
/// Scores are computed anew after each choice, as in the paper, with Krum's convention of <see cref="KrumRule"/>: among the n' that
/// are left, the mean squared distance to the n' − f − 1 nearest others.
/// </remarks>
/// <param name="byzantine">f, with 4f + 3 ≤ n.</param>
public sealed class BulyanSelection(int byzantine) : IGramRule
{
    public string Name => "bulyan";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int[] chosen = Choose(gram, dropped);
        double[] trust = new double[gram.Count];
        foreach (int i in chosen)
        {
            trust[i] = 1;
        }

        return new GramCombination(Selection.Mean(chosen, gram.Count), trust);
    }

    /// <summary>The updates taken, in the order of the matrix.</summary>
    internal int[] Choose(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Quarter(Name, n, f);
        var left = new List<int>(Enumerable.Range(0, n));
        for (int turn = 0; turn < n - (2 * f); turn++)
        {
            int neighbours = left.Count - f - 1;
            left.Remove(left.MinBy(i =>
                left.Where(j => j != i).Select(j => gram.SquaredDistance(i, j)).Order().Take(neighbours).DefaultIfEmpty(0).Average()));
        }

        return [.. Enumerable.Range(0, n).Except(left)];
    }
}
