using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// Geometric median by smoothed Weiszfeld steps from 0 (RFA, Pillutla et al., IEEE TSP 2022): weights are
/// <c>1 / max(ν, distance to the last centre)</c>. Trust is the weight, scaled to sum 1. Defaults are ByzFL's.
/// </summary>
/// <param name="smoothing">ν, greater than 0, in units of an update.</param>
/// <param name="iterations">Steps, at least 1.</param>
public sealed class GeometricMedianRule(double smoothing = 0.1, int iterations = 3) : IGramRule
{
    public string Name => "geometric-median";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        RobustCondition.Majority(Name, gram.Count, 0);
        RobustCondition.Positive(Name, "smoothing", smoothing);
        RobustCondition.Positive(Name, "iterations", iterations);
        double[] centre = new double[gram.Count];
        for (int t = 0; t < iterations; t++)
        {
            double[] weights = [.. Combination.SquaredDistances(gram, centre).Select(square => 1 / Math.Max(smoothing, Math.Sqrt(square)))];
            double total = weights.Sum();
            centre = [.. weights.Select(weight => weight / total)];
        }

        return new GramCombination(centre, centre);
    }
}
