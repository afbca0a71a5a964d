using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Outliers;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Outliers;

public sealed class SignGuardTests
{
    [Theory]
    [InlineData(1, 9)]
    [InlineData(2, 15)]
    [InlineData(3, 4)]
    public void Aggregate_RandomUpdates_EqualsTheNaiveRule(ulong seed, int count)
    {
        float[][] updates = RobustData.Updates(count, 300, noise: 1.5, seed);
        updates[1] = [.. updates[1].Select(value => 50 * value)];
        updates[2] = [.. updates[2].Select(value => Math.Max(0, value))];
        float[] result = new float[300];

        GramCombination kept = new SignGuard().Aggregate(RobustData.Memories(updates), result, new CounterRandom(4, RandomPurpose.Test));

        RobustData.AssertClose(NaiveRules.SignGuard(RobustData.Doubles(updates)), [.. result.Select(value => (double)value)], 1e-5);
        Assert.Equal(0, kept.Trust[1]);
    }

    [Fact]
    public void Aggregate_FlippedSigns_AreLeftOut()
    {
        float[][] updates = [.. RobustData.Updates(12, 2000, noise: 0.3, seed: 5).Select(update => update.Select(value => value + 0.5f).ToArray())];
        for (int k = 0; k < 4; k++)
        {
            updates[k] = [.. updates[k].Select(value => -value)];
        }

        updates[5][7] = float.NaN;
        float[] result = new float[2000];

        GramCombination kept = new SignGuard(new SignGuardOptions { SampleSize = 500 }).Aggregate(RobustData.Memories(updates), result, new CounterRandom(4, RandomPurpose.Test));

        Assert.Equal([0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1], kept.Trust);
    }

    [Fact]
    public void Aggregate_OneZeroAndIdenticalUpdates_AreHandled()
    {
        Assert.Equal([3f, -4f], Run([[3, -4]]));
        Assert.Equal([0f, 0f], Run([[0, 0], [0, 0]]));
        Assert.Equal([1f, 2f], Run([[1, 2], [1, 2], [1, 2]]));
        Assert.Throws<ArgumentException>(() => Run([]));
        Assert.Throws<ArgumentException>(() => Run([[float.NaN, 1]]));
    }

    private static float[] Run(float[][] updates)
    {
        float[] result = new float[2];
        new SignGuard().Aggregate(RobustData.Memories(updates), result, new CounterRandom(1, RandomPurpose.Test));
        return result;
    }
}
