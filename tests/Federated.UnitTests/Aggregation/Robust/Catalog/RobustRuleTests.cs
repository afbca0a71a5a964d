using Federated.Aggregation.Robust.Catalog;
using Federated.UnitTests.Aggregation.Robust.Coordinates;

namespace Federated.UnitTests.Aggregation.Robust.Catalog;

public sealed class RobustRuleTests
{
    private const int F = 2;
    private const int Count = 11;

    // Odd, so that a shard ends inside a vector register.
    private const int Length = 611;

    private static readonly float[][] Updates = RobustData.Updates(Count, Length, noise: 1.5, seed: 31);
    private static readonly double[][] X = RobustData.Doubles(Updates);

    public static TheoryData<string> Rules => [.. RuleCatalog.Rules.Select(rule => rule.Name)];

    public static TheoryData<string> Mixed =>
        [.. RuleCatalog.Rules.SelectMany(rule => RuleCatalog.Mixings.Select(mixing => $"{mixing.Name}+{rule.Name}")).Where(text => text != "bucketing+monna")];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_RandomUpdates_EqualsTheNaiveRule(string name)
    {
        if (name is "dnc" or "clipped-clustering" or "flag" or "smea" or "caf")
        {
            // Their own tests, and those of public conventions, know them.
            return;
        }

        RobustData.AssertClose(Naive(name, X, F), Run(name, Updates).Aggregate, 2e-5);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_BehindNearestNeighbours_EqualsTheRuleOnTheMixedVectors(string name)
    {
        float[][] mixed = [.. NaiveRules.Nnm(X, F).Select(vector => vector.Select(value => (float)value).ToArray())];

        RobustData.AssertClose(Run(name, mixed).Aggregate, Run($"nnm+{name}", Updates).Aggregate, 2e-5);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [MemberData(nameof(Mixed))]
    public void Combine_ShardsOfTheRange_EqualTheWhole(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, text.StartsWith("bucketing", StringComparison.Ordinal) ? 0 : F);
        RobustInput input = Input(Updates) with { Centre = Updates[3].Select(value => value / 2).ToArray() };
        float[] whole = new float[Length], sharded = new float[Length];
        RobustAggregate expected = rule.Aggregate(input, whole);
        (int From, int To)[] shards = [(0, 130), (130, 450), (450, Length)];

        RuleStatistics statistics = shards.Select(shard => rule.Measure(Part(input, shard), shard.From, Length)).Aggregate((sum, shard) => sum.Plus(shard));
        RuleVerdict verdict = rule.Judge(statistics, input);
        foreach ((int From, int To) shard in shards)
        {
            RobustInput part = Part(input, shard);
            verdict.Combine(rule.UsesCentre ? [.. part.Updates, part.Centre!.Value] : part.Updates, sharded.AsSpan(shard.From..shard.To));
        }

        RobustData.AssertClose([.. whole.Select(value => (double)value)], [.. sharded.Select(value => (double)value)], 1e-5);
        if (verdict.Scores is not null)
        {
            RobustData.AssertClose(expected.Scores, [.. verdict.Scores], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_UpdateThatIsNotFinite_IsDroppedAndCountsAsByzantine(string name)
    {
        float[][] spoilt = [.. Updates.Select(update => update.ToArray())];
        spoilt[4][9] = float.NaN;
        spoilt[8][0] = float.PositiveInfinity;
        RobustRule rule = RuleCatalog.Create(name, F);
        float[] result = new float[Length], expected = new float[Length];

        RobustAggregate aggregate = rule.Aggregate(Input(spoilt), result);

        RuleCatalog.Create(name, 0).Aggregate(Input([.. Updates.Where((_, i) => i is not 4 and not 8)]), expected);
        RobustData.AssertClose([.. expected.Select(value => (double)value)], [.. result.Select(value => (double)value)], 1e-6);
        Assert.Equal([4, 8], aggregate.Dropped);
        Assert.Equal(0, aggregate.Scores[4]);
        Assert.Equal(Count, aggregate.Scores.Length);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [MemberData(nameof(Mixed))]
    public void Aggregate_NoFiniteUpdate_IsRefused(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, 0);

        Assert.Throws<ArgumentException>(() => rule.Aggregate(Input([]), new float[Length]));
        Assert.Throws<ArgumentException>(() => rule.Aggregate(Input([[.. Enumerable.Repeat(float.NaN, Length)]]), new float[Length]));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_OneAndTwoUpdates_AreAggregatedOrRefusedByNumber(string name)
    {
        RobustRule rule = RuleCatalog.Create(name, 0);
        for (int count = 1; count <= 2; count++)
        {
            float[][] few = Updates[..count];
            if (rule.Fault(count) is { } fault)
            {
                Assert.Equal(fault, Assert.Throws<ArgumentException>(() => rule.Aggregate(Input(few), new float[Length])).Message);
                continue;
            }

            double[] result = Run(name, few, f: 0).Aggregate;
            Assert.All(result, value => Assert.True(double.IsFinite(value)));
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [MemberData(nameof(Mixed))]
    public void Aggregate_ZeroUpdates_GiveZeros(string text)
    {
        (double[] aggregate, RobustAggregate report) = Run(text, [.. Updates.Select(_ => new float[Length])], f: 0);

        Assert.All(aggregate, value => Assert.Equal(0, value));
        Assert.All(report.Scores, score => Assert.True(double.IsFinite(score)));
    }

    [Fact]
    public void Aggregate_Weights_EnterTheFinalSumOnly()
    {
        double[] weights = [.. Enumerable.Range(1, Count).Select(i => (double)i)];
        RobustRule krum = RuleCatalog.Create("multi-krum", F);
        float[] result = new float[Length];

        RobustAggregate plain = krum.Aggregate(Input(Updates), result);
        RobustAggregate weighted = krum.Aggregate(Input(Updates) with { Weights = weights }, result);

        Assert.Equal(plain.Scores, weighted.Scores);
        double total = weights.Where((_, i) => plain.Coefficients![i] > 0).Sum();
        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(plain.Coefficients![i] > 0 ? weights[i] / total : 0, weighted.Coefficients![i], 1e-12));
        RobustData.AssertClose(RobustData.Combine(X, weighted.Coefficients!), [.. result.Select(value => (double)value)], 1e-6);
        Assert.Throws<ArgumentException>(() => krum.Aggregate(Input(Updates) with { Weights = [1] }, result));
        Assert.Throws<ArgumentException>(() => krum.Aggregate(Input(Updates) with { Weights = [.. weights.Skip(1), double.NaN] }, result));
    }

    [Fact]
    public void Aggregate_LastCentre_IsWhereCentredClippingStarts()
    {
        float[] centre = [.. Updates[0].Select(value => value + 1)];
        float[] result = new float[Length];

        RuleCatalog.Create("centred-clipping:radius=4,iterations=3", 0).Aggregate(Input(Updates) with { Centre = centre }, result);

        double[] expected = NaiveRules.CentredClipping(X, [.. centre.Select(value => (double)value)], 4, 3);
        RobustData.AssertClose(expected, [.. result.Select(value => (double)value)], 1e-5);
    }

    [Fact]
    public void Aggregate_CoordinateRule_ScoresByDistance()
    {
        (double[] aggregate, RobustAggregate report) = Run("nnm+median", Updates);

        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(-NaiveRules.Distance(X[i], aggregate), report.Scores[i], 1e-3));
        Assert.Null(report.Coefficients);
    }

    private static (double[] Aggregate, RobustAggregate Report) Run(string text, float[][] updates, int f = F)
    {
        float[] result = new float[Length];
        RobustAggregate report = RuleCatalog.Create(text, f).Aggregate(Input(updates), result);
        return ([.. result.Select(value => (double)value)], report);
    }

    private static RobustInput Input(float[][] updates) => new() { Updates = RobustData.Memories(updates), Seed = 5, Round = 3 };

    private static RobustInput Part(RobustInput input, (int From, int To) shard) => input with
    {
        Updates = [.. input.Updates.Select(update => update[shard.From..shard.To])],
        Centre = input.Centre?[shard.From..shard.To],
    };

    /// <summary>The rule in float64, one sentence of its definition after another.</summary>
    internal static double[] Naive(string name, double[][] x, int f)
    {
        double[] ByCoordinate(Func<double[], double> reduce) => [.. x[0].Select((_, j) => reduce([.. x.Select(a => a[j])]))];
        return name switch
        {
            "mean" => NaiveRules.Mean(x),
            "median" => ByCoordinate(NaiveCoordinates.Median),
            "trimmed-mean" => ByCoordinate(values => NaiveCoordinates.TrimmedMean(values, f)),
            "meamed" => ByCoordinate(values => NaiveCoordinates.NearestMean(values, NaiveCoordinates.Median(values), x.Length - f)),
            "phocas" => ByCoordinate(values => NaiveCoordinates.NearestMean(values, NaiveCoordinates.TrimmedMean(values, f), x.Length - f)),
            "sign-majority" => ByCoordinate(values => Math.Sign(values.Sum(Math.Sign))),
            "krum" => NaiveRules.Krum(x, f, 1),
            "multi-krum" => NaiveRules.Krum(x, f, x.Length - f),
            "bulyan" => NaiveRules.Bulyan(x, f),
            "mda" => NaiveRules.Mda(x, f),
            "geometric-median" => NaiveRules.GeometricMedian(x, 0.1, 3),
            "centred-clipping" => NaiveRules.CentredClipping(x, new double[x[0].Length], 100, 1),
            "monna" => NaiveRules.Monna(x, f, 0),
            "signguard" => NaiveRules.SignGuard(x),
            "smea" => NaiveRules.Smea(x, f),
            "caf" => NaiveRules.Caf(x, f),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no naive rule."),
        };
    }
}
