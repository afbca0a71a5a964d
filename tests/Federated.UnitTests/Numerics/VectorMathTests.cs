using Federated.Numerics;

namespace Federated.UnitTests.Numerics;

public sealed class VectorMathTests
{
    public static TheoryData<int> Lengths => [0, 1, 3, 15, 16, 17, 63, 64, 65, 1000, 4099];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Operations_AnyLength_EqualTheScalarOnes(int length)
    {
        var random = new CounterRandom(1, RandomPurpose.Test, (uint)length);
        float[] x = new float[length], y = new float[length], sum = new float[length], difference = new float[length];
        random.FillGaussian(x, 0, 1);
        random.FillGaussian(y, 0, 1);
        y.CopyTo(sum, 0);

        VectorMath.Axpy(0.5f, x, sum);
        VectorMath.Subtract(x, y, difference);

        double dot = 0, square = 0;
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(y[i] + (0.5 * x[i]), sum[i], 1e-6);
            Assert.Equal(x[i] - y[i], difference[i]);
            dot += (double)x[i] * y[i];
            square += (double)x[i] * x[i];
        }

        Assert.Equal(dot, VectorMath.Dot(x, y), 1e-9);
        Assert.Equal(square, VectorMath.SquaredNorm(x), 1e-9);
        Assert.True(VectorMath.FiniteSquaredNorm(x, out double norm));
        Assert.Equal(square, norm, 1e-9);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void FiniteSquaredNorm_OneBadElementAnywhere_IsFound(float bad)
    {
        for (int i = 0; i < 70; i++)
        {
            float[] x = new float[70];
            x[i] = bad;

            Assert.False(VectorMath.FiniteSquaredNorm(x, out _));
        }
    }

    [Fact]
    public void FiniteSquaredNorm_TheLargestFloats_AreFinite()
    {
        float[] x = new float[1000];
        Array.Fill(x, float.MaxValue);

        Assert.True(VectorMath.FiniteSquaredNorm(x, out double norm));
        Assert.Equal(1000.0 * float.MaxValue * float.MaxValue, norm, norm * 1e-12);
    }

    [Fact]
    public void FiniteSquaredNorm_CutBytes_IsRefused() =>
        Assert.Throws<ArgumentException>(() => VectorMath.FiniteSquaredNorm(new byte[7], out _));
}
