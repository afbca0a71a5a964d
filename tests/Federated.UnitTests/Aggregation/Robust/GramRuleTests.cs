using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Rules;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class GramRuleTests
{
    private const int F = 2;

    private static readonly double[][] X = RobustData.Doubles(RobustData.Updates(9, 30, noise: 1.5, seed: 21));

    public static TheoryData<string> Rules => ["krum", "multi-krum", "mda", "smea", "caf", "geometric-median", "centred-clipping", "monna"];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Combine_RandomUpdates_EqualsTheNaiveRule(string name)
    {
        RobustData.AssertClose(Naive(name, X), Run(Rule(name), X), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Combine_BehindNearestNeighboursAndClipping_EqualsTheNaiveRules(string name)
    {
        // A third of the bound makes the clipping bite; the means of neighbours are ordered alike.
        double[][] seen = NaiveRules.Arc(NaiveRules.Clip(NaiveRules.Nnm(X, F), 5), F);

        RobustData.AssertClose(Naive(name, seen), Judge($"nnm+clipping:bound=5+arc+{name}{(name == "centred-clipping" ? ":radius=3,iterations=2" : "")}"), 1e-8);
    }

    [Fact]
    public void Combine_BehindBuckets_IsTheMeanOfBuckets()
    {
        int[] order = [.. Enumerable.Range(0, 9)];
        new CounterRandom(3, RandomPurpose.Aggregation, 0, 7).Shuffle<int>(order);

        double[] expected = NaiveRules.Mean(order.Chunk(4).Select(bucket => NaiveRules.Mean(bucket.Select(i => X[i]))));

        RobustData.AssertClose(expected, Judge("bucketing:size=4+mean"), 1e-12);
    }

    [Fact]
    public void CentredClipping_WithTheLastCentre_StartsThere()
    {
        double[] expected = NaiveRules.CentredClipping(X[..8], X[8], 4, 3);

        RobustData.AssertClose(expected, Run(new CentredClippingRule(4, 3, lastIsCentre: true), X), 1e-9);
    }

    [Theory]
    [InlineData("krum")]
    [InlineData("multi-krum")]
    [InlineData("mda")]
    [InlineData("smea")]
    [InlineData("caf")]
    [InlineData("geometric-median")]
    [InlineData("monna")]
    public void Combine_FHugeUpdates_CannotMoveItFar(string name)
    {
        double[][] attacked = [.. X];
        attacked[3] = [.. X[3].Select(_ => 1e6)];
        attacked[7] = [.. X[7].Select(value => value - 1e6)];
        double[][] honest = [.. attacked.Where((_, i) => i is not 3 and not 7)];
        double diameter = honest.Max(a => honest.Max(b => NaiveRules.Distance(a, b)));
        IGramRule rule = name == "geometric-median" ? new GeometricMedianRule(0.1, 100) : Rule(name);

        double[] result = Run(rule, attacked);

        Assert.True(NaiveRules.Distance(NaiveRules.Mean(honest), result) <= 2 * diameter);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Combine_IdenticalUpdates_GivesThem(string name)
    {
        double[][] same = [.. Enumerable.Repeat(X[0], 5)];
        IGramRule rule = name == "centred-clipping" ? new CentredClippingRule(100, 2) : Rule(name);

        RobustData.AssertClose(X[0], Run(rule, same), 1e-6);
    }

    // MDA is not among them: of several subsets with one diameter it takes the first.
    [Theory]
    [InlineData("krum")]
    [InlineData("multi-krum")]
    [InlineData("smea")]
    [InlineData("caf")]
    [InlineData("geometric-median")]
    [InlineData("centred-clipping")]
    [InlineData("monna")]
    public void Combine_PermutedUpdates_GivesTheSame(string name)
    {
        // MoNNA's pivot moves along.
        IGramRule permuted = name == "monna" ? new NearestToPivotRule(F, 8) : Rule(name);

        RobustData.AssertClose(Run(Rule(name), X), Run(permuted, [.. X.Reverse()]), 1e-9);
    }

    [Theory]
    [InlineData("krum")]
    [InlineData("multi-krum")]
    [InlineData("mda")]
    [InlineData("smea")]
    [InlineData("caf")]
    [InlineData("monna")]
    public void Combine_TooManyByzantine_SaysWhichNumber(string name)
    {
        var exception = Assert.Throws<ArgumentException>(() => Run(Rule(name), X[..4]));

        Assert.Contains($"'{name}' with f = 2 needs at least 5 updates", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_TooManySubsets_IsRefused()
    {
        var gram = new GramMatrix(new double[40 * 40]);

        Assert.Contains("subsets of 40", Assert.Throws<ArgumentException>(() => new MinimumDiameterRule(15).Combine(gram, [])).Message, StringComparison.Ordinal);
        Assert.Contains("subsets of 40", Assert.Throws<ArgumentException>(() => new SmallestSpreadRule(15).Combine(gram, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_FlagBehindNearestNeighbours_EqualsTheNaiveRoute()
    {
        RobustData.AssertClose(NaiveFlag.Run(NaiveRules.Nnm(X, F), 5, 1, 0, true, false).Result, Judge("nnm+flag:form=normalised"), 1e-8);
    }

    [Fact]
    public void Run_UpdateThatIsNotFinite_IsDroppedWithoutACoefficient()
    {
        float[][] updates = RobustData.Updates(6, 40);
        updates[2][5] = float.NaN;
        float[] result = new float[40];

        GramAggregate aggregate = GramAggregation.Run(new KrumRule(1, isMulti: true), RobustData.Memories(updates), result);

        Assert.Equal([2], aggregate.Dropped);
        double[][] left = RobustData.Doubles([.. updates.Where((_, i) => i != 2)]);
        RobustData.AssertClose(NaiveRules.Krum(left, 0, 5), [.. result.Select(value => (double)value)], 1e-6);
    }

    [Theory]
    [InlineData("krum")]
    [InlineData("mda")]
    [InlineData("caf")]
    [InlineData("monna")]
    public void Run_ByzantineUpdateThatIsNotFinite_CannotMakeTheRuleRefuse(string name)
    {
        float[][] updates = RobustData.Updates(5, 40);
        updates[1].AsSpan().Fill(float.NaN);
        float[] result = new float[40];
        IGramRule rule = name == "monna" ? new NearestToPivotRule(F, 3) : Rule(name);

        GramAggregation.Run(rule, RobustData.Memories(updates), result);

        double[][] left = RobustData.Doubles([.. updates.Where((_, i) => i != 1)]);
        double[] expected = name switch
        {
            "krum" => NaiveRules.Krum(left, 1, 1),
            "mda" => NaiveRules.Mda(left, 1),
            "caf" => NaiveRules.Caf(left, 1),
            _ => NaiveRules.Monna(left, 1, 2),
        };
        RobustData.AssertClose(expected, [.. result.Select(value => (double)value)], 1e-5);
        Assert.Throws<ArgumentException>(() => GramAggregation.Run(new NearestToPivotRule(F, 1), RobustData.Memories(updates), result));
    }

    private static double[] Judge(string text)
    {
        var statistics = new RuleStatistics(RobustData.Gram(X), [.. X.Select(_ => true)], []);
        RuleVerdict verdict = RuleCatalog.Create(text, F).Judge(statistics, new RobustInput { Updates = [], Seed = 3, Round = 7 });
        return RobustData.Combine(X, [.. verdict.Coefficients!]);
    }

    private static IGramRule Rule(string name) => name switch
    {
        "krum" => new KrumRule(F, isMulti: false),
        "multi-krum" => new KrumRule(F, isMulti: true),
        "mda" => new MinimumDiameterRule(F),
        "smea" => new SmallestSpreadRule(F),
        "caf" => new CovarianceFilterRule(F),
        "geometric-median" => new GeometricMedianRule(),
        "centred-clipping" => new CentredClippingRule(3, 2),
        _ => new NearestToPivotRule(F),
    };

    private static double[] Naive(string name, double[][] x) => name switch
    {
        "krum" => NaiveRules.Krum(x, F, 1),
        "multi-krum" => NaiveRules.Krum(x, F, x.Length - F),
        "mda" => NaiveRules.Mda(x, F),
        "smea" => NaiveRules.Smea(x, F),
        "caf" => NaiveRules.Caf(x, F),
        "geometric-median" => NaiveRules.GeometricMedian(x, 0.1, 3),
        "centred-clipping" => NaiveRules.CentredClipping(x, new double[x[0].Length], 3, 2),
        _ => NaiveRules.Monna(x, F, 0),
    };

    private static double[] Run(IGramRule rule, double[][] updates) => RobustData.Combine(updates, rule.Combine(RobustData.Gram(updates), []).Coefficients);
}
