using Federated.Aggregation.Robust.Catalog;

namespace Federated.UnitTests.Aggregation.Robust.Catalog;

/// <summary>What every rule, alone and behind every pre-aggregation, makes of input that it cannot, or can only just, work with.</summary>
public sealed class BadInputTests
{
    private const int Length = 77;

    private static readonly string[] Names = [.. RuleCatalog.Rules.Select(rule => rule.Name)];

    // Behind buckets nobody knows where a trusted update went.
    public static TheoryData<string> Rules =>
        [.. Names, .. Names.SelectMany(name => RuleCatalog.Mixings.Select(mixing => $"{mixing.Name}+{name}")).Where(text => text != "bucketing+monna")];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_NoneToThreeUpdatesAndAnyF_AreAggregatedOrRefusedByTheNumber(string text)
    {
        for (int count = 0; count <= 3; count++)
        {
            for (int f = 0; f <= 3; f++)
            {
                RobustRule rule = RuleCatalog.Create(text, f);
                float[] result = new float[Length];
                if (rule.Fault(count) is not { } fault)
                {
                    rule.Aggregate(Input(RobustData.Updates(count, Length)), result);
                    Assert.All(result, value => Assert.True(float.IsFinite(value)));
                    continue;
                }

                string message = Assert.Throws<ArgumentException>(() => rule.Aggregate(Input(RobustData.Updates(count, Length)), result)).Message;
                Assert.True(count == 0 || message == fault, message);
                Assert.True(count == 0 || (fault.Contains($"f = {f}", StringComparison.Ordinal) && fault.Contains($"there are {count}", StringComparison.Ordinal)) || fault.Contains("pivot", StringComparison.Ordinal) || text.StartsWith("bucketing", StringComparison.Ordinal), fault);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_FAboveHalf_IsRefusedWhereTheRuleUsesIt(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, 6);

        Assert.Equal(UsesNoF(rule), rule.Fault(11) is null);
        Assert.Throws<ArgumentException>(() => RuleCatalog.Create(text, -1));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_SomeZeroUpdates_IsFiniteAndInsideTheHull(string text)
    {
        float[][] updates = RobustData.Updates(11, Length);
        Array.Clear(updates[2]);
        Array.Clear(updates[6]);

        RobustAggregate report = Run(text, updates, out float[] result);

        Assert.All(result, value => Assert.True(float.IsFinite(value)));
        Assert.All(report.Scores, score => Assert.True(double.IsFinite(score)));
        Assert.Empty(report.Dropped);
        AssertInside(text, updates, result);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_NotFiniteUpdatesOfEveryKind_AreDroppedAndNamed(string text)
    {
        float[][] updates = RobustData.Updates(13, Length);
        updates[1][0] = float.NaN;
        updates[5][Length - 1] = float.NegativeInfinity;
        Array.Fill(updates[9], float.PositiveInfinity);

        RobustAggregate report = Run(text, updates, out float[] result);

        Assert.Equal([1, 5, 9], report.Dropped);
        Assert.All(result, value => Assert.True(float.IsFinite(value)));
        Assert.All(report.Scores, score => Assert.True(double.IsFinite(score)));
        Assert.All(report.Dropped, i => Assert.Equal(0, report.Coefficients?[i] ?? 0));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_IdenticalUpdates_GivesThem(string text)
    {
        float[] one = RobustData.Updates(1, Length)[0];
        float[] expected = text.EndsWith("sign-majority", StringComparison.Ordinal) ? [.. one.Select(value => (float)Math.Sign(value))]
            : text.StartsWith("clipping", StringComparison.Ordinal) ? [.. one.Select(value => value * 2 / MathF.Sqrt(one.Sum(x => x * x)))]
            : one;

        Run(text, [.. Enumerable.Repeat(one, 11)], out float[] result);

        RobustData.AssertClose([.. expected.Select(value => (double)value)], [.. result.Select(value => (double)value)], 1e-5);
    }

    // Every distance, norm and median is there twice: what ties decide is decided alike each time, and nothing but the updates comes out.
    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_EveryUpdateTwice_DecidesTiesAlikeEachTime(string text)
    {
        float[][] distinct = RobustData.Updates(6, Length);
        float[][] updates = [.. distinct, .. distinct.Select(update => update.ToArray())];

        RobustAggregate first = Run(text, updates, out float[] one);
        RobustAggregate second = Run(text, updates, out float[] other);

        Assert.Equal(one, other);
        Assert.Equal(first.Scores, second.Scores);
        Assert.All(one, value => Assert.True(float.IsFinite(value)));
        AssertInside(text, updates, one);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Aggregate_ValuesAtTheEndsOfFloat32_StaysFinite(string text)
    {
        foreach (float size in (float[])[1e-38f, 1e-30f, 1e18f, 1e30f])
        {
            float[][] updates = [.. RobustData.Updates(11, Length).Select(update => update.Select(value => value * size).ToArray())];

            RobustAggregate report = Run(text, updates, out float[] result);

            Assert.Empty(report.Dropped);
            Assert.All(result, value => Assert.True(float.IsFinite(value)));
            Assert.All(report.Scores, score => Assert.True(double.IsFinite(score)));
        }
    }

    // Six updates of rank two; m is anything up to more than there are updates.
    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(40)]
    public void Flag_SubspaceAboveTheRank_IsTheSumOfNormalisedUpdatesByTheRequestedM(int m)
    {
        float[][] two = RobustData.Updates(2, Length);
        float[][] updates = [.. Enumerable.Range(0, 6).Select(i => two[0].Zip(two[1], (a, b) => (i * a) + ((5 - i) * b)).ToArray())];

        Run($"flag:form=normalised,subspace={m}", updates, out float[] result);

        double[][] x = RobustData.Doubles(updates);
        double[] expected = RobustData.Combine(x, [.. x.Select(update => 1 / (m * Math.Sqrt(NaiveFlag.Dot(update, update))))]);
        RobustData.AssertClose(expected, [.. result.Select(value => (double)value)], 1e-5);
    }

    private static bool UsesNoF(RobustRule rule) =>
        rule.Description.Needs.Contains("does not use f", StringComparison.Ordinal) && rule.Mixings.All(mixing => mixing.Name is "clipping" or "bucketing");

    private static RobustAggregate Run(string text, float[][] updates, out float[] result)
    {
        // Two buckets of five and one of one: no rule tolerates two bad ones of three.
        int f = text.StartsWith("bucketing", StringComparison.Ordinal) ? 0 : 2;
        result = new float[Length];
        return RuleCatalog.Create(text, f).Aggregate(Input(updates), result);
    }

    /// <summary>A rule that averages stays between the smallest and the largest value of each coordinate, zero included for those that shorten.</summary>
    private static void AssertInside(string text, float[][] updates, float[] result)
    {
        if (text.EndsWith("sign-majority", StringComparison.Ordinal) || text.EndsWith("flag", StringComparison.Ordinal))
        {
            return;
        }

        for (int j = 0; j < Length; j++)
        {
            float low = Math.Min(0, updates.Min(update => update[j])), high = Math.Max(0, updates.Max(update => update[j]));
            Assert.InRange(result[j], low - 1e-5f, high + 1e-5f);
        }
    }

    private static RobustInput Input(float[][] updates) => new() { Updates = RobustData.Memories(updates), Seed = 5, Round = 3 };
}
