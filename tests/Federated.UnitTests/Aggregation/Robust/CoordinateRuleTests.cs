using Federated.Aggregation.Robust.Coordinate;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class CoordinateRuleTests
{
    public static TheoryData<string, int, int> Cases()
    {
        var data = new TheoryData<string, int, int>();
        foreach (string name in new[] { "median", "trimmed-mean", "meamed", "phocas" })
        {
            foreach (int n in new[] { 1, 2, 3, 7, 15, 16, 33 })
            {
                data.Add(name, n, (n - 1) / 3);
                data.Add(name, n, (n - 1) / 2);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_RandomUpdates_EqualsTheNaiveRule(string name, int n, int f)
    {
        float[][] updates = RobustData.Updates(n, 131, seed: 8);
        float[] result = new float[131];

        IReadOnlyList<int> dropped = CoordinateAggregation.Run(Rule(name, f), RobustData.Memories(updates), result, degree: 2);

        Assert.Empty(dropped);
        double[] expected = NaiveRules.ByCoordinate(RobustData.Doubles(updates), sorted => name switch
        {
            "median" => NaiveRules.Median(sorted),
            "trimmed-mean" => NaiveRules.Trimmed(sorted, f),
            "meamed" => NaiveRules.Nearest(sorted, NaiveRules.Median(sorted), n - f),
            _ => NaiveRules.Nearest(sorted, NaiveRules.Trimmed(sorted, f), n - f),
        });
        for (int j = 0; j < expected.Length; j++)
        {
            Assert.Equal(expected[j], result[j], 1e-6);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(16)]
    [InlineData(60)]
    [InlineData(129)]
    public void For_AnyNumberOfRows_Sorts(int count)
    {
        (int Low, int High)[] network = SortingNetwork.For(count, 0, count);
        (int Low, int High)[] middle = SortingNetwork.For(count, (count - 1) / 2, (count / 2) + 1);
        for (uint draw = 0; draw < 50; draw++)
        {
            float[] values = new float[count];
            new CounterRandom(6, RandomPurpose.Test, draw).FillUniform(values, -1, 1);
            float[] sorted = Apply(network, values), half = Apply(middle, values);

            Assert.Equal([.. values.Order()], sorted);
            Assert.Equal(sorted[(count - 1) / 2], half[(count - 1) / 2]);
            Assert.Equal(sorted[count / 2], half[count / 2]);
        }

        Assert.True(middle.Length <= network.Length);
    }

    [Theory]
    [InlineData("median")]
    [InlineData("trimmed-mean")]
    [InlineData("meamed")]
    [InlineData("phocas")]
    public void Run_FHugeUpdates_StaysWithinTheHonestRange(string name)
    {
        float[][] updates = RobustData.Updates(9, 70);
        updates[0].AsSpan().Fill(1e30f);
        updates[5].AsSpan().Fill(-1e30f);
        updates[8].AsSpan().Fill(float.NaN);
        float[] result = new float[70];

        IReadOnlyList<int> dropped = CoordinateAggregation.Run(Rule(name, 2), RobustData.Memories(updates), result);

        Assert.Equal([8], dropped);
        float[][] honest = [.. updates.Where((_, i) => i is not 0 and not 5 and not 8)];
        Assert.All(Enumerable.Range(0, 70), j => Assert.InRange(result[j], honest.Min(update => update[j]), honest.Max(update => update[j])));
    }

    [Fact]
    public void Run_BadInput_SaysWhichNumber()
    {
        ReadOnlyMemory<float>[] updates = RobustData.Memories(RobustData.Updates(4, 8));
        float[] result = new float[8];

        Assert.Contains("f = 2 needs at least 5", Assert.Throws<ArgumentException>(() => CoordinateAggregation.Run(new TrimmedMeanRule(2), updates, result)).Message, StringComparison.Ordinal);
        Assert.Contains("None of 0", Assert.Throws<ArgumentException>(() => CoordinateAggregation.Run(new MedianRule(), [], result)).Message, StringComparison.Ordinal);
        Assert.Contains("7 elements", Assert.Throws<ArgumentException>(() => CoordinateAggregation.Run(new MedianRule(), updates, result.AsSpan(1))).Message, StringComparison.Ordinal);
    }

    private static ICoordinateRule Rule(string name, int f) => name switch
    {
        "median" => new MedianRule(),
        "trimmed-mean" => new TrimmedMeanRule(f),
        "meamed" => new MeanAroundMedianRule(f),
        _ => new PhocasRule(f),
    };

    private static float[] Apply((int Low, int High)[] network, float[] values)
    {
        float[] result = [.. values];
        foreach ((int low, int high) in network)
        {
            (result[low], result[high]) = (Math.Min(result[low], result[high]), Math.Max(result[low], result[high]));
        }

        return result;
    }
}
