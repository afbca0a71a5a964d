using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>
/// Centred clipping (Karimireddy, He and Jaggi, ICML 2021): <c>v ← v + mean(clip_τ(update − v))</c>, some steps from the last
/// centre. Trust is the part of each deviation that the last clip kept, in [0, 1].
/// </summary>
/// <remarks>
/// Without a last centre it starts at 0. With one, the centre is handed in as the last "update": an extra column of the Gram
/// matrix with a coefficient of its own, which is not an update and is not averaged.
/// </remarks>
/// <param name="radius">τ, greater than 0.</param>
/// <param name="iterations">Steps, at least 1.</param>
/// <param name="lastIsCentre">Whether the last vector is the last round's centre.</param>
public sealed class CentredClippingRule(double radius = 100, int iterations = 1, bool lastIsCentre = false) : IGramRule
{
    public string Name => "centred-clipping";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count - (lastIsCentre ? 1 : 0);
        RobustCondition.Majority(Name, n, 0);
        if (lastIsCentre && dropped.Contains(gram.Count + dropped.Count - 1))
        {
            throw new ArgumentException($"Rule '{Name}': the last centre is not finite.");
        }

        RobustCondition.Positive(Name, "radius", radius);
        RobustCondition.Positive(Name, "iterations", iterations);
        double[] centre = new double[gram.Count], kept = new double[gram.Count];
        if (lastIsCentre)
        {
            centre[n] = 1;
        }

        for (int t = 0; t < iterations; t++)
        {
            double[] distances = Combination.SquaredDistances(gram, centre);
            double sum = 0;
            for (int i = 0; i < n; i++)
            {
                kept[i] = Math.Min(1, radius / Math.Max(Math.Sqrt(distances[i]), double.Epsilon));
                sum += kept[i];
            }

            centre = [.. centre.Select((c, i) => (c * (1 - (sum / n))) + (kept[i] / n))];
        }

        return new GramCombination(centre, kept);
    }
}
