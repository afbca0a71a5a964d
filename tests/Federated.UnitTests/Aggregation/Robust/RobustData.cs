using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

/// <summary>Updates for tests of robust rules, and double-precision arithmetic on them.</summary>
internal static class RobustData
{
    /// <summary>Updates around a common direction.</summary>
    public static float[][] Updates(int p, int n, double noise = 1, ulong seed = 1)
    {
        float[] mean = new float[n];
        new CounterRandom(seed, RandomPurpose.Test, 1_000_000).FillGaussian(mean, 0, 1);
        return
        [
            .. Enumerable.Range(0, p).Select(i =>
            {
                float[] update = new float[n];
                new CounterRandom(seed, RandomPurpose.Test, (uint)i).FillGaussian(update, 0, noise);
                VectorMath.Axpy(1, mean, update);
                return update;
            }),
        ];
    }

    public static ReadOnlyMemory<float>[] Memories(float[][] updates) => [.. updates.Select(update => (ReadOnlyMemory<float>)update)];

    public static double[][] Doubles(float[][] updates) => [.. updates.Select(update => update.Select(value => (double)value).ToArray())];

    /// <summary>The Gram matrix by plain loops in double.</summary>
    public static GramMatrix Gram(double[][] updates) =>
        new([.. updates.SelectMany(a => updates.Select(b => NaiveFlag.Dot(a, b)))]);

    public static double[] Combine(double[][] updates, double[] coefficients)
    {
        double[] result = new double[updates[0].Length];
        for (int i = 0; i < updates.Length; i++)
        {
            for (int j = 0; j < result.Length; j++)
            {
                result[j] += coefficients[i] * updates[i][j];
            }
        }

        return result;
    }

    public static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double relative)
    {
        Assert.Equal(expected.Count, actual.Count);
        double norm = Math.Sqrt(expected.Sum(value => value * value));
        double error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum());
        Assert.True(error <= relative * Math.Max(norm, 1e-300), $"relative error {error / norm}: expected [{string.Join(' ', expected.Take(8))}], got [{string.Join(' ', actual.Take(8))}]");
    }
}
