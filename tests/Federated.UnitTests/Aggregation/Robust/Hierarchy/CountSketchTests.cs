using Federated.Aggregation.Robust.Hierarchy;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Hierarchy;

public sealed class CountSketchTests
{
    [Theory]
    [InlineData(0.1, 200)]
    [InlineData(0.01, 20_000)]
    [InlineData(1, 2)]
    public void WidthFor_Error_IsTwoOverItsSquare(double error, int width) => Assert.Equal(width, CountSketch.WidthFor(error));

    [Fact]
    public void WidthFor_ImpossibleError_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CountSketch.WidthFor(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => CountSketch.WidthFor(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CountSketch(1, 1, 0));
    }

    [Fact]
    public void Of_InnerProducts_HaveNoBiasAndTheStatedError()
    {
        float[][] vectors = RobustData.Updates(2, 3000, noise: 1, seed: 8);
        double exact = VectorMath.Dot(vectors[0], vectors[1]);
        double norms = Math.Sqrt(VectorMath.SquaredNorm(vectors[0]) * VectorMath.SquaredNorm(vectors[1]));
        double bound = Math.Sqrt((1 + Math.Pow(exact / norms, 2)) / 200);

        double[] errors = [.. Enumerable.Range(0, 400).Select(round =>
        {
            var sketch = new CountSketch(77, (uint)round, 200);
            return (VectorMath.Dot(sketch.Of(vectors[0]), sketch.Of(vectors[1])) - exact) / norms;
        })];

        double deviation = Math.Sqrt(errors.Average(error => error * error));
        Assert.Equal(0, errors.Average(), 4 * bound / Math.Sqrt(errors.Length));
        Assert.InRange(deviation, 0.7 * bound, 1.15 * bound);
        Assert.True(bound <= 0.1);
    }

    [Fact]
    public void Of_RangesOfAVector_AddUpToTheWhole()
    {
        float[] vector = RobustData.Updates(1, 10_007, seed: 9)[0];
        var sketch = new CountSketch(3, 4, 64);
        int[] cuts = [0, 3, 4097, 4100, 8192, 10_007];

        float[] sum = new float[64];
        for (int i = 1; i < cuts.Length; i++)
        {
            VectorMath.Axpy(1, sketch.Of(vector.AsSpan(cuts[i - 1]..cuts[i]), cuts[i - 1]), sum);
        }

        Assert.Equal(sketch.Of(vector), sum, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void Of_AnotherSeedOrRound_IsAnotherProjection()
    {
        float[] vector = RobustData.Updates(1, 500, seed: 9)[0];
        float[] sketch = new CountSketch(3, 4, 64).Of(vector);

        Assert.Equal(sketch, new CountSketch(3, 4, 64).Of(vector));
        Assert.NotEqual(sketch, new CountSketch(3, 5, 64).Of(vector));
        Assert.NotEqual(sketch, new CountSketch(3UL << 32, 4, 64).Of(vector));
    }
}
