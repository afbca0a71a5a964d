using Federated.Aggregation.Robust.Catalog;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Catalog;

/// <summary>
/// Rules against float64 implementations that go the way of the public ones (ByzFL's aggregators and pre-aggregators; numpy's median): any number of updates and parameters, f from 0 to the most that the
/// rule takes, values of any size, and updates that share a part far longer than their differences.
/// </summary>
public sealed class PublicConventionTests
{
    private static readonly string[] Names =
    [
        "mean", "median", "trimmed-mean", "meamed", "phocas", "krum", "multi-krum", "bulyan", "mda", "smea", "caf", "geometric-median", "centred-clipping", "monna",
    ];

    // The smoothing of the geometric median and the radius of centred clipping are lengths: far below and above them the rules have other words to say.
    private static readonly string[] OfAnyScale = [.. Names.Except(["geometric-median", "centred-clipping"])];

    private static readonly string[] Mixings = ["arc", "clipping:bound=3"];

    // Mixed neighbours are often the same vector, or equally far from each other: what chooses among such is decided by the last bit there, in any implementation.
    private static readonly string[] WithoutChoice = ["mean", "median", "trimmed-mean", "geometric-median", "centred-clipping"];

    public static TheoryData<string> Rules => [.. Names];

    public static TheoryData<string> ScalingRules => [.. OfAnyScale];

    public static TheoryData<string> MixedRules => [.. Mixings.SelectMany(mixing => Names.Select(name => $"{mixing}+{name}")), .. WithoutChoice.Select(name => $"nnm+{name}")];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_AnyCountAndF_IsThatOfThePublicImplementation(string name) => Check(name, static (updates, _) => updates, 3e-5);

    [Theory]
    [MemberData(nameof(ScalingRules))]
    public void Aggregate_ValuesOfAnySize_IsThatOfThePublicImplementation(string name) =>
        Check(name, static (updates, seed) => Map(updates, value => value * MathF.ScaleB(1, (int)(seed % 61) - 30)), 3e-5);

    // The common part is a hundred times as long as the differences, which then have two digits less in float32.
    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_UpdatesThatShareALongPart_IsThatOfThePublicImplementation(string name) =>
        Check(name, static (updates, _) => Map(updates, value => value + 300), 3e-5);

    [Theory]
    [MemberData(nameof(MixedRules))]
    public void Aggregate_BehindPreAggregation_IsThatOfThePublicImplementation(string text) => Check(text, static (updates, _) => updates, 3e-5);

    private static void Check(string text, Func<float[][], ulong, float[][]> change, double tolerance)
    {
        // The same draws each time: a choice that hangs on the last bit is nobody's fault, and would come up some day.
        var random = new CounterRandom(1, RandomPurpose.Test);
        for (int draw = 0; draw < 60; draw++)
        {
            int count = 1 + random.NextInt(10), f = random.NextInt(5), length = 1 + random.NextInt(40);
            ulong seed = (ulong)random.NextInt(1_000_000);
            RobustRule rule = RuleCatalog.Create(text, f);
            if (rule.Fault(count) is not null)
            {
                continue;
            }

            float[][] updates = change(RobustData.Updates(count, length, noise: 1, seed: seed), seed);
            double[][] seen = RobustData.Doubles(updates);
            string name = text;
            if (text.Split('+') is [var mixing, var behind])
            {
                name = behind;
                seen = mixing switch
                {
                    "nnm" => NaiveRules.Nnm(seen, f),
                    "arc" => NaiveRules.Arc(seen, f),
                    _ => NaiveRules.Clip(seen, 3),
                };
            }

            float[] result = new float[length];
            rule.Aggregate(new RobustInput { Updates = RobustData.Memories(updates) }, result);

            // The deviation from what all updates share is what the rule is about.
            double[] mean = NaiveRules.Mean(seen);
            double[] expected = RobustRuleTests.Naive(name, seen, f);
            double spread = Math.Max(seen.Max(a => NaiveRules.Distance(a, mean)), NaiveRules.Distance(expected, mean));
            double rounding = Math.Sqrt(mean.Sum(value => value * value)) * 2e-7;
            double error = NaiveRules.Distance(expected, [.. result.Select(value => (double)value)]);
            Assert.True(error <= (tolerance * spread) + rounding, $"{text}, n {count}, f {f}, d {length}, seed {seed}: error {error}, spread {spread}");
        }
    }

    private static float[][] Map(float[][] updates, Func<float, float> change) => [.. updates.Select(update => update.Select(change).ToArray())];
}
