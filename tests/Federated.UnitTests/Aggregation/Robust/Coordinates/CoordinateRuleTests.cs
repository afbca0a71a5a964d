using CsCheck;
using Federated.Aggregation.Robust.Coordinates;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Coordinates;

public sealed class CoordinateRuleTests
{
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 0, 1 }, { 2, 0, 65 }, { 3, 1, 64 }, { 5, 2, 130 }, { 7, 0, 17 }, { 10, 3, 200 }, { 15, 3, 1000 }, { 16, 7, 63 }, { 33, 5, 129 }, { 60, 20, 300 }, { 131, 40, 70 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Aggregate_RandomUpdates_AreAsTheNaiveRules(int count, int byzantine, int length)
    {
        float[][] updates = Updates((ulong)count, count, length);

        Check(new CoordinateMedian(byzantine), updates, values => NaiveCoordinates.Median(values));
        Check(new TrimmedMean(byzantine), updates, values => NaiveCoordinates.TrimmedMean(values, byzantine));
        Check(new MeaMed(byzantine), updates, values => NaiveCoordinates.NearestMean(values, NaiveCoordinates.Median(values), count - byzantine));
        Check(new SignMajority(byzantine), updates, values => Math.Sign(values.Sum(Math.Sign)));
        Check(new Phocas(byzantine), updates, values => NaiveCoordinates.NearestMean(values, NaiveCoordinates.TrimmedMean(values, byzantine), count - byzantine));
    }

    [Fact]
    public void Aggregate_ManyCores_GivesTheSameBits()
    {
        float[][] updates = Updates(5, 9, 100_003);

        Assert.Equal(Run(new TrimmedMean(2), updates, 1), Run(new TrimmedMean(2), updates, 3));
        Assert.Equal(Run(new MeaMed(2), updates, 1), Run(new MeaMed(2), updates, 3));
    }

    [Fact]
    public void Aggregate_SignsWithZerosAndTies_AbstainAndCancel() =>
        Assert.Equal([1f, 0f, 0f, -1f], Run(new SignMajority(), [[5, 1, 0, -1], [0, -9, 0, -1], [0, 0, 0, 7]]));

    [Fact]
    public void Aggregate_TiesOnBothSidesOfTheCentre_TakeTheSmallerValue()
    {
        float[][] updates = [[-1], [0], [1], [5], [-9]];

        // The median is 0; with three kept all of -1, 0, 1 stay, with two the pair {-1, 0}.
        Assert.Equal([0f], Run(new MeaMed(2), updates));
        Assert.Equal(-0.5, NaiveCoordinates.NearestMean([-1, 0, 1, 5, -9], 0, 2));
    }

    [Fact]
    public void Aggregate_EqualValuesFarFromTheCentre_AreReplacedByNearerOnes()
    {
        // The median is 3 and three are kept: 5 is nearer than both zeros, one of which stays.
        float[][] updates = [[0], [0], [3], [5], [6]];

        Assert.Equal([(float)(8.0 / 3)], Run(new MeaMed(2), updates));
    }

    [Theory]
    [InlineData(1e6f)]
    [InlineData(-3e38f)]
    public void Aggregate_HostileMinority_StaysWithinTheHonestRange(float hostile)
    {
        float[][] updates = Updates(6, 11, 500);
        for (int k = 0; k < 5; k++)
        {
            Array.Fill(updates[2 * k], hostile);
        }

        float[][] honest = [.. updates.Where((_, k) => k % 2 == 1 || k == 10)];
        foreach (CoordinateRule rule in (CoordinateRule[])[new CoordinateMedian(5), new TrimmedMean(5), new MeaMed(5), new Phocas(5)])
        {
            float[] aggregate = Run(rule, updates);
            for (int i = 0; i < aggregate.Length; i++)
            {
                float low = honest.Min(vector => vector[i]);
                float high = honest.Max(vector => vector[i]);
                float slack = rule is MeaMed or Phocas ? 2 * (high - low) : 1e-6f;
                Assert.InRange(aggregate[i], low - slack, high + slack);
            }
        }
    }

    [Fact]
    public void Aggregate_PermutedUpdates_GivesTheSameAggregate() =>
        Gen.Shuffle(Enumerable.Range(0, 9).ToArray()).Sample(
            order =>
            {
                float[][] updates = Updates(7, 9, 70);
                float[][] permuted = [.. order.Select(k => updates[k])];
                Assert.Equal(Run(new TrimmedMean(2), updates), Run(new TrimmedMean(2), permuted), (x, y) => Math.Abs(x - y) < 1e-5f);
                Assert.Equal(Run(new CoordinateMedian(), updates), Run(new CoordinateMedian(), permuted));
            },
            iter: 30);

    [Fact]
    public void Aggregate_UpdatesThatAreNotFinite_AreLeftOutAndCountAsByzantine()
    {
        float[][] updates = Updates(8, 7, 200);
        float[] expected = Run(new TrimmedMean(1), [.. updates.Where((_, k) => k is not (1 or 4))]);
        updates[1][199] = float.NaN;
        updates[4][3] = float.NegativeInfinity;
        float[] aggregate = new float[200];

        int[] dropped = new TrimmedMean(3).Aggregate([.. updates.Select(vector => (ReadOnlyMemory<float>)vector)], aggregate);

        Assert.Equal([1, 4], dropped);
        Assert.Equal(expected, aggregate);
    }

    [Fact]
    public void Aggregate_TooManyByzantine_SaysWhichNumberIsWrong()
    {
        string message = Assert.Throws<ArgumentException>(() => Run(new TrimmedMean(2), Updates(9, 4, 3))).Message;

        Assert.Contains("there are 4", message, StringComparison.Ordinal);
        Assert.Contains("f = 2", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Run(new CoordinateMedian(), []));
        Assert.Throws<ArgumentException>(() => Run(new CoordinateMedian(), [[float.NaN]]));
    }

    [Fact]
    public void Aggregate_DestinationOfAnotherLength_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new CoordinateMedian().Aggregate([new float[3]], new float[4]));

    private static void Check(CoordinateRule rule, float[][] updates, Func<double[], double> naive)
    {
        float[] actual = Run(rule, updates);
        for (int i = 0; i < actual.Length; i++)
        {
            double[] values = [.. updates.Select(vector => (double)vector[i])];
            double tolerance = (updates.Length + 2) * values.Max(Math.Abs) / (1 << 24);
            Assert.True(Math.Abs(actual[i] - naive(values)) <= tolerance, $"{rule.Name}, coordinate {i}: {actual[i]} instead of {naive(values)}");
        }
    }

    private static float[] Run(CoordinateRule rule, float[][] updates, int degree = 0)
    {
        float[] aggregate = new float[updates.Length == 0 ? 0 : updates[0].Length];
        rule.Aggregate([.. updates.Select(vector => (ReadOnlyMemory<float>)vector)], aggregate, degree);
        return aggregate;
    }

    private static float[][] Updates(ulong seed, int count, int length)
    {
        var random = new CounterRandom(seed, RandomPurpose.Test);
        float[][] updates = new float[count][];
        for (int k = 0; k < count; k++)
        {
            updates[k] = new float[length];
            random.FillGaussian(updates[k], 0.3, 1);
        }

        return updates;
    }
}
