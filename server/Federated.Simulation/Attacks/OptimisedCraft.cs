using System.Numerics.Tensors;
using Federated.Aggregation.Robust.Catalog;
using Federated.Numerics;

namespace Federated.Simulation.Attacks;

/// <summary>Chooses the strength of an attack against the rule at hand: the aggregate shall lie as far as possible from the honest mean.</summary>
internal static class OptimisedCraft
{
    /// <summary>The best <c>start + τ · direction</c> over τ ≥ 0.</summary>
    /// <param name="round">What the attackers know.</param>
    /// <param name="mean">The honest mean.</param>
    /// <param name="candidates">Where the lines start and where they go.</param>
    /// <param name="evaluations">How often the rule may be run, over all lines.</param>
    public static float[] Make(AttackRound round, float[] mean, IReadOnlyList<(float[] Start, float[] Direction)> candidates, int evaluations)
    {
        RobustRule rule = round.Rule ?? RuleCatalog.Create("mean", round.Byzantine);
        float[] aggregate = new float[mean.Length];
        float[] best = candidates[0].Start;
        double farthest = double.NegativeInfinity;
        foreach ((float[] start, float[] direction) in candidates)
        {
            (double strength, double distance) = LineSearch.Maximise(
                tau => Distance(rule, round, Point(start, direction, tau), mean, aggregate), Math.Max(1, evaluations / candidates.Count));
            if (distance > farthest)
            {
                farthest = distance;
                best = Point(start, direction, strength);
            }
        }

        return best;
    }

    private static double Distance(RobustRule rule, AttackRound round, float[] crafted, float[] mean, float[] aggregate)
    {
        ReadOnlyMemory<float>[] updates = [.. round.Honest, .. Enumerable.Repeat<ReadOnlyMemory<float>>(crafted, round.Byzantine)];
        rule.Aggregate(new RobustInput { Updates = updates, Centre = round.Centre }, aggregate);
        return TensorPrimitives.Distance<float>(aggregate, mean);
    }

    private static float[] Point(float[] start, float[] direction, double tau)
    {
        float[] point = [.. start];
        VectorMath.Axpy((float)tau, direction, point);
        return point;
    }
}
