using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class SharedMaskTests
{
    [Theory]
    [InlineData(10, 10)]
    [InlineData(1000, 7)]
    [InlineData(10_007, 1000)]
    public void Fill_AnyMask_IsAscendingAndInRange(int length, int count)
    {
        int[] mask = new int[count];

        SharedMask.Fill(3, 5, length, mask);

        Assert.True(mask[0] >= 0 && mask[^1] < length);
        Assert.All(mask.Zip(mask.Skip(1)), pair => Assert.True(pair.First < pair.Second));
    }

    [Fact]
    public void Fill_SameRound_SameMaskAndAnotherRoundAnother()
    {
        int[] first = new int[100], second = new int[100], other = new int[100];

        SharedMask.Fill(3, 5, 10_000, first);
        SharedMask.Fill(3, 5, 10_000, second);
        SharedMask.Fill(3, 6, 10_000, other);

        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Fill_ManyRounds_EveryCoordinateEquallyOften()
    {
        int[] hits = new int[40];
        int[] mask = new int[10];
        const int Rounds = 8000;
        for (uint round = 0; round < Rounds; round++)
        {
            SharedMask.Fill(1, round, hits.Length, mask);
            Array.ForEach(mask, index => hits[index]++);
        }

        // Each is hit with probability 1/4: the standard deviation is 39.
        Assert.All(hits, count => Assert.InRange(count, 2000 - 200, 2000 + 200));
    }

    [Fact]
    public void Fill_ManyRounds_ContractsByItsShareInTheMean()
    {
        float[] values = CompressionData.Gaussian(1000);
        int[] mask = new int[100];
        double kept = 0;
        for (uint round = 0; round < 2000; round++)
        {
            SharedMask.Fill(1, round, values.Length, mask);
            kept += mask.Sum(index => (double)values[index] * values[index]) / 2000;
        }

        Assert.Equal(Contraction.OfSelection(100, 1000), kept / CompressionData.SquaredNorm(values), 0.01);
    }

    [Fact]
    public void Fill_GoldenMask_StaysWhatItIs()
    {
        int[] mask = new int[4];

        SharedMask.Fill(1, 1, 100, mask);

        Assert.Equal("18 31 56 76", string.Join(' ', mask));
    }
}
