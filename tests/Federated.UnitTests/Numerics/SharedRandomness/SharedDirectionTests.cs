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
