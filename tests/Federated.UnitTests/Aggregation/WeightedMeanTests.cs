using Federated.Aggregation.Linear;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation;

public sealed class WeightedMeanTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 31)]
    [InlineData(15, 2048)]
    [InlineData(16, 4133)]
    [InlineData(17, 4133)]
    [InlineData(60, 6001)]
    [InlineData(5, 70_001)]
    public void Compute_AnyShape_IsWithinTheBoundOfTheDoubleReference(int count, int length)
    {
        float[][] vectors = Vectors(count, length);
        double[] weights = [.. Enumerable.Range(1, count).Select(k => 0.5 + k)];
        float[] mean = new float[length];

        WeightedMean.Compute(Memories(vectors), weights, mean, degree: 2);

        double total = weights.Sum();
        for (int i = 0; i < length; i++)
        {
            double exact = 0, magnitude = 0;
            for (int k = 0; k < count; k++)
            {
                exact += weights[k] / total * vectors[k][i];
                magnitude += weights[k] / total * Math.Abs(vectors[k][i]);
            }

            double bound = (2 * (count + 2) * Math.Pow(2, -52) * magnitude) + (Math.Pow(2, -24) * Math.Abs(exact)) + Math.Pow(2, -150);
            Assert.True(Math.Abs(mean[i] - exact) <= bound, $"element {i}: {mean[i]} instead of {exact}");
        }
    }

    [Fact]
    public void Compute_AnyDegree_GivesTheSameBits()
    {
        float[][] vectors = Vectors(7, 300_007);
        double[] coefficients = [1, -2, 0.5, 0, 3, 1e-3, -1];
        float[] one = new float[300_007], three = new float[300_007];

        WeightedSum.Compute(Memories(vectors), coefficients, one, degree: 1);
        WeightedSum.Compute(Memories(vectors), coefficients, three, degree: 3);

        Assert.Equal(one, three);
    }

    [Fact]
    public void Compute_CoefficientZero_DoesNotReadTheVector()
    {
        float[] result = new float[2];

        WeightedSum.Compute([new float[] { 1, 2 }, new float[] { float.NaN, float.PositiveInfinity }], [2, 0], result);

        Assert.Equal([2, 4], result);
    }

    [Fact]
    public void Compute_NoVectorsOrNoCoefficients_GivesZeros()
    {
        float[] result = [1, 2];

        WeightedSum.Compute([], [], result);

        Assert.Equal([0, 0], result);
    }

    [Fact]
    public void Compute_BadInput_SaysWhichNumber()
    {
        float[] a = new float[3], b = new float[2];

        Assert.Contains("Vector 1 has 2", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([a, b], [1, 1], new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("2 vectors and 1", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([a, a], [1], new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("-1", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([a], [-1], new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("no mean", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([a], [0], new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("no mean", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([], [], new float[3])).Message, StringComparison.Ordinal);
        Assert.Contains("4 elements", Assert.Throws<ArgumentException>(() => WeightedMean.Compute([a], [1], new float[4])).Message, StringComparison.Ordinal);
    }

    private static float[][] Vectors(int count, int length)
    {
        float[][] vectors = [.. Enumerable.Range(0, count).Select(_ => new float[length])];
        for (int k = 0; k < count; k++)
        {
            new CounterRandom(2, RandomPurpose.Test, (uint)k).FillGaussian(vectors[k], 0, 1);
        }

        return vectors;
    }

    private static ReadOnlyMemory<float>[] Memories(float[][] vectors) => [.. vectors.Select(vector => (ReadOnlyMemory<float>)vector)];
}
