using Federated.Numerics;

namespace Federated.UnitTests.Numerics.Compression;

/// <summary>Vectors that compressors find hard or easy.</summary>
internal static class CompressionData
{
    public static float[] Gaussian(int length, ulong seed = 1)
    {
        float[] values = new float[length];
        new CounterRandom(seed, RandomPurpose.Test).FillGaussian(values, 0, 1);
        return values;
    }

    /// <summary>Few distinct magnitudes, so that ties decide.</summary>
    public static float[] Ties(int length)
    {
        float[] values = new float[length];
        var random = new CounterRandom(2, RandomPurpose.Test);
        for (int i = 0; i < length; i++)
        {
            values[i] = random.NextInt(5) - 2;
        }

        return values;
    }

    public static float[] Constant(int length) => [.. Enumerable.Repeat(-0.25f, length)];

    public static float[] OneHot(int length)
    {
        float[] values = new float[length];
        values[length / 2] = 3;
        return values;
    }

    /// <summary>Magnitudes over many powers of two, most of them in one stretch that a sample with a fixed stride would misjudge.</summary>
    public static float[] Skewed(int length)
    {
        float[] values = Gaussian(length, 3);
        for (int i = 0; i < length; i++)
        {
            values[i] *= MathF.Pow(2, i % 64 == 0 ? 20 : -(i % 40));
        }

        return values;
    }

    public static float[][] All(int length) => [Gaussian(length), Ties(length), Constant(length), OneHot(length), new float[length], Skewed(length)];

    public static double SquaredNorm(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += (double)value * value;
        }

        return sum;
    }
}
