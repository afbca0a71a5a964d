using CsCheck;
using Federated.Aggregation.Robust.Catalog;

namespace Federated.UnitTests.Aggregation.Robust.Catalog;

/// <summary>How every rule answers to permuted, moved, scaled and hostile updates.</summary>
public sealed class RulePropertyTests
{
    private const int F = 3;
    private const int Count = 15;
    private const int Length = 200;

    // MoNNA trusts a position; MDA takes the first of the subsets that share a diameter.
    private static readonly string[] Permutable = [.. RuleCatalog.Rules.Select(rule => rule.Name).Where(name => name is not "monna" and not "mda"), "nnm+median", "arc+flag"];

    private static readonly string[] MovesAlong =
        ["mean", "median", "trimmed-mean", "meamed", "phocas", "krum", "multi-krum", "bulyan", "mda", "caf", "monna", "dnc", "nnm+median", "nnm+bulyan"];

    // All but those with a length of their own: a smoothing, a radius, a sign.
    private static readonly string[] ScalesAlong = [.. MovesAlong, "smea", "signguard", "clipped-clustering", "flag", "arc+flag", "nnm+flag", "arc+mean"];

    // The mean behind NNM is none of them: an attacker stays among its own nearest.
    private static readonly string[] Robust =
        [.. RuleCatalog.Rules.Select(rule => rule.Name).Where(name => name != "mean"), "nnm+flag", "arc+mean", "clipping:bound=20+mean", "bucketing:size=2+geometric-median", "nnm+trimmed-mean"];

    public static TheoryData<string> PermutableRules => [.. Permutable];

    public static TheoryData<string> MovingRules => [.. MovesAlong];

    public static TheoryData<string> ScalingRules => [.. ScalesAlong];

    public static TheoryData<string> RobustRules => [.. Robust];

    [Theory]
    [MemberData(nameof(PermutableRules))]
    public void Aggregate_PermutedUpdates_GivesTheSame(string text) =>
        Gen.Select(Gen.Shuffle(Enumerable.Range(0, Count).ToArray()), Gen.ULong[1, 1000]).Sample(
            (order, seed) =>
            {
                float[][] updates = RobustData.Updates(Count, Length, seed: seed);

                AssertClose(Run(text, updates), Run(text, [.. order.Select(i => updates[i])]), 1e-4);
            },
            iter: 5);

    [Theory]
    [MemberData(nameof(MovingRules))]
    public void Aggregate_MovedUpdates_MovesAlong(string text) =>
        Gen.Select(Gen.ULong[1, 1000], Gen.Float[-3, 3]).Sample(
            (seed, step) =>
            {
                float[][] updates = RobustData.Updates(Count, Length, seed: seed);

                AssertClose([.. Run(text, updates).Select(value => value + step)], Run(text, [.. updates.Select(update => update.Select(value => value + step).ToArray())]), 1e-3);
            },
            iter: 5);

    [Theory]
    [MemberData(nameof(ScalingRules))]
    public void Aggregate_ScaledUpdates_ScalesAlong(string text) =>
        Gen.Select(Gen.ULong[1, 1000], Gen.Int[-20, 20]).Sample(
            (seed, exponent) =>
            {
                float[][] updates = RobustData.Updates(Count, Length, seed: seed);
                float scale = MathF.ScaleB(1, exponent);

                AssertClose([.. Run(text, updates).Select(value => value * scale)], Run(text, [.. updates.Select(update => update.Select(value => value * scale).ToArray())]), 1e-4);
            },
            iter: 5);

    [Theory]
    [MemberData(nameof(RobustRules))]
    public void Aggregate_FUpdatesFarAway_CannotMoveItBeyondTheHonest(string text) =>
        Gen.Select(Gen.ULong[1, 1000], Gen.Int[0, 2]).Sample(
            (seed, kind) =>
            {
                int f = text.StartsWith("bucketing", StringComparison.Ordinal) ? 1 : F;
                float[][] updates = RobustData.Updates(Count, Length, seed: seed);
                double[][] honest = RobustData.Doubles(updates[f..]);
                for (int i = 0; i < f; i++)
                {
                    for (int j = 0; j < Length; j++)
                    {
                        updates[i][j] = kind switch { 0 => 1e6f, 1 => i % 2 == 0 ? 1e6f : -1e6f, _ => updates[i][j] * -1e6f };
                    }
                }

                // MoNNA has to trust an honest one.
                double[] result = Run(text == "monna" ? "monna:pivot=9" : text, updates);

                // Clipping to 100, some of it towards the attackers, is that rule's bound.
                double bound = Math.Max(2 * honest.Max(a => honest.Max(b => NaiveRules.Distance(a, b))), text == "centred-clipping" ? 2 * 100.0 * f / Count : 0);
                double moved = NaiveRules.Distance(NaiveRules.Mean(honest), result);
                Assert.True(moved <= bound, $"{text}: moved by {moved}, bound {bound}");
            },
            iter: 4);

    [Theory]
    [MemberData(nameof(RobustRules))]
    public void Aggregate_IdenticalUpdates_GivesThem(string text)
    {
        if (text is "sign-majority" or "clipping:bound=20+mean")
        {
            return;
        }

        float[] one = RobustData.Updates(1, Length)[0];

        AssertClose([.. one.Select(value => (double)value)], Run(text, [.. Enumerable.Repeat(one, Count)]), 1e-4);
    }

    private static double[] Run(string text, float[][] updates)
    {
        float[] result = new float[Length];
        RuleCatalog.Create(text, text.StartsWith("bucketing", StringComparison.Ordinal) ? 1 : F).Aggregate(new RobustInput { Updates = RobustData.Memories(updates) }, result);
        return [.. result.Select(value => (double)value)];
    }

    private static void AssertClose(double[] expected, double[] actual, double relative) => RobustData.AssertClose(expected, actual, relative);
}
