using Federated.Numerics.SharedRandomness;

namespace Federated.UnitTests.Numerics.SharedRandomness;

public sealed class SharedDirectionTests
{
    private static readonly DirectionKey Key = new(0x01234567, 0x89abcdef, 0, 0);

    [Fact]
    public void Fill_Rademacher_GivesTheKnownSigns() => Assert.Equal(
        [1, 1, -1, -1, -1, -1, 1, -1, 1, -1, 1, 1, 1, -1, 1, 1], First(NoiseKind.Rademacher, 16));

    [Fact]
    public void Fill_Binomial16_GivesTheKnownIntegers() => Assert.Equal(
        [-1, 4, 2, 2, 0, -4, 2, 0], First(NoiseKind.Binomial16, 8));

    [Fact]
    public void Fill_Binomial64_GivesTheKnownIntegers() => Assert.Equal([7, -2, -7, 3], First(NoiseKind.Binomial64, 4));

    [Fact]
    public void Fill_NormalTable_TakesIndexAndSignFromEachHalf()
    {
        // The first words of the stream are caff22bc and 5a7d3a7d.
        float[] direction = new float[4];
        SharedDirection.Fill(NoiseKind.NormalTable, Key, 0, direction);

        Assert.Equal([NormalTable.Values[0x22bc], -NormalTable.Values[0x4aff], NormalTable.Values[0x3a7d], NormalTable.Values[0x5a7d]], direction);
    }

    [Fact]
    public void NormalTable_Ends_AreTheStatedQuantiles()
    {
        Assert.Equal(1.9124056e-05f, NormalTable.Values[0]);
        Assert.Equal(4.3249192f, NormalTable.Values[^1]);
        for (int k = 1; k < NormalTable.Count; k++)
        {
            Assert.True(NormalTable.Values[k] > NormalTable.Values[k - 1]);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(10_000)]
    public void Fill_NormalTable_MomentsAndAnyBlockAreThoseOfTheWhole(int seed)
    {
        float[] whole = new float[200_000], part = new float[1000];
        DirectionKey key = Key with { Round = (uint)seed };
        SharedDirection.Fill(NoiseKind.NormalTable, key, 0, whole);
        SharedDirection.Fill(NoiseKind.NormalTable, key, 500, part);

        Assert.Equal(0, whole.Average(z => (double)z), 0.01);
        Assert.Equal(1, whole.Average(z => (double)z * z), 0.01);
        Assert.Equal(3, whole.Average(z => Math.Pow(z, 4)), 0.1);
        Assert.Equal(whole[4000..5000], part);
    }

    [Theory]
    [InlineData(NoiseKind.Rademacher)]
    [InlineData(NoiseKind.Binomial16)]
    [InlineData(NoiseKind.Binomial64)]
    public void Fill_AsFloats_IsTheIntegersDivided(NoiseKind kind)
    {
        float[] direction = new float[3000];
        SharedDirection.Fill(kind, Key, 7, direction);
        sbyte[] integers = new sbyte[3000];
        SharedDirection.Fill(kind, Key, 7, integers);

        Assert.Equal(integers.Select(integer => (float)integer / SharedDirection.Denominator(kind)), direction);
    }

    [Theory]
    [InlineData(NoiseKind.Rademacher, 1.00)]
    [InlineData(NoiseKind.Binomial16, 2.87)]
    [InlineData(NoiseKind.Binomial64, 2.98)]
    public void Fill_Moments_AreZeroOneAndTheKindsKurtosis(NoiseKind kind, double kurtosis)
    {
        double unit = 1.0 / SharedDirection.Denominator(kind);
        double[] z = [.. First(kind, 200_000).Select(integer => integer * unit)];

        Assert.Equal(0, z.Average(), 0.01);
        Assert.Equal(1, z.Average(x => x * x), 0.01);
        Assert.Equal(kurtosis, z.Average(x => x * x * x * x), 0.06);
    }

    [Theory]
    [InlineData(NoiseKind.Rademacher, 129, 2u)]
    [InlineData(NoiseKind.Rademacher, 128, 1u)]
    [InlineData(NoiseKind.Binomial16, 9, 2u)]
    [InlineData(NoiseKind.Binomial64, 0, 0u)]
    public void BlocksOf_RoundsUp(NoiseKind kind, long elements, uint blocks) => Assert.Equal(blocks, SharedDirection.BlocksOf(kind, elements));

    [Fact]
    public void Stream_SampleBeyondItsBits_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => First(NoiseKind.Rademacher, 1, Key with { Sample = 4096 }));

    private static int[] First(NoiseKind kind, int count, DirectionKey? key = null)
    {
        sbyte[] direction = new sbyte[count];
        SharedDirection.Fill(kind, key ?? Key, 0, direction);
        return [.. direction.Select(integer => (int)integer)];
    }
}
