using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class TopKSelectionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(4096, 4096)]
    [InlineData(5000, 50)]
    [InlineData(200_003, 1)]
    [InlineData(200_003, 2000)]
    [InlineData(200_003, 120_000)]
    [InlineData(200_003, 200_003)]
    public void Select_AnyVector_IsTheSortedPrefixWithTheLowerIndexFirst(int length, int count)
    {
        foreach (float[] values in CompressionData.All(length))
        {
            int[] indices = new int[count];

            TopKSelection.Select(values, indices);

            Assert.Equal(Naive(values, count), indices);
        }
    }

    [Fact]
    public void Select_SampleSeesNothingOfTheLargest_StillFindsThem()
    {
        // All but 5,000 elements in a row are equal: the bound of the sample is met by every element.
        float[] values = CompressionData.Constant(300_000);
        for (int i = 0; i < 5000; i++)
        {
            values[1000 + i] = 1 + i;
        }

        int[] indices = new int[3000];
        TopKSelection.Select(values, indices);

        Assert.Equal(Enumerable.Range(3000, 3000), indices);
    }

    [Fact]
    public void Select_NegativeZero_CountsAsZero()
    {
        int[] indices = new int[2];

        TopKSelection.Select([-0f, 0f, -0f], indices);

        Assert.Equal([0, 1], indices);
    }

    [Fact]
    public void Select_MoreThanThereAre_Throws() =>
        Assert.Throws<ArgumentException>(() => TopKSelection.Select(new float[2], new int[3]));

    [Theory]
    [InlineData(0.01, 100, 1)]
    [InlineData(0.001, 100, 1)]
    [InlineData(1, 100, 100)]
    [InlineData(0.5, 0, 0)]
    public void CountFor_Ratio_IsClamped(double ratio, int length, int expected) => Assert.Equal(expected, TopKSelection.CountFor(ratio, length));

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void CountFor_RatioOutOfRange_Throws(double ratio) => Assert.ThrowsAny<ArgumentException>(() => TopKSelection.CountFor(ratio, 10));

    private static int[] Naive(float[] values, int count) =>
        [.. Enumerable.Range(0, values.Length).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i).Take(count).Order()];
}
