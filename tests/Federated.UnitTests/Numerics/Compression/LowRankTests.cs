using Federated.Numerics;
using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class LowRankTests
{
    [Theory]
    [InlineData(5, 9, 5)]
    [InlineData(30, 12, 4)]
    public void Truncate_MatrixOfThatRank_IsExact(int rows, int columns, int rank)
    {
        float[] matrix = new float[rows * columns];
        for (int c = 0; c < rank; c++)
        {
            float[] left = CompressionData.Gaussian(rows, (ulong)(10 + c)), right = CompressionData.Gaussian(columns, (ulong)(20 + c));
            for (int i = 0; i < matrix.Length; i++)
            {
                matrix[i] += left[i / columns] * right[i % columns];
            }
        }

        float[] actual = Compress(matrix, rows, columns, rank, exact: true);

        Assert.True(Contraction.Measure(matrix, actual) > 1 - 1e-9);
    }

    [Fact]
    public void Truncate_KnownSingularValues_CatchesTheLargest()
    {
        // diag(8, 4, 2, 1) turned by two Householder reflections: the best rank 2 catches 80 of 85.
        float[] matrix = Reflect([8, 0, 0, 0, 0, 4, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);

        double delta = Contraction.Measure(matrix, Compress(matrix, 4, 4, 2, exact: true));

        Assert.Equal(80.0 / 85, delta, 1e-5);
    }

    [Theory]
    [InlineData(16, 16, 4)]
    [InlineData(40, 10, 1)]
    public void Truncate_AnyMatrix_KeepsItsContraction(int rows, int columns, int rank)
    {
        float[] matrix = CompressionData.Gaussian(rows * columns);

        double delta = Contraction.Measure(matrix, Compress(matrix, rows, columns, rank, exact: true));

        Assert.True(delta >= Contraction.OfTruncation(rank, rows, columns));
    }

    [Fact]
    public void PowerStep_AnyMatrix_IsAProjection()
    {
        foreach (float[] matrix in CompressionData.All(24 * 50))
        {
            double delta = Contraction.Measure(matrix, Compress(matrix, 24, 50, 3, exact: false));

            Assert.InRange(delta, -1e-6, 1);
        }
    }

    [Fact]
    public void PowerStep_FactorsTooSmall_Throws() =>
        Assert.Throws<ArgumentException>(() => LowRank.PowerStep(
            new float[12], 3, 4, 2, new CounterRandom(1, RandomPurpose.Compression), new float[5], new float[8]));

    private static float[] Compress(float[] matrix, int rows, int columns, int rank, bool exact)
    {
        float[] left = new float[rank * rows], right = new float[rank * columns], result = new float[matrix.Length];
        var start = new CounterRandom(1, RandomPurpose.Compression);
        if (exact)
        {
            LowRank.Truncate(matrix, rows, columns, rank, start, left, right);
        }
        else
        {
            LowRank.PowerStep(matrix, rows, columns, rank, start, left, right);
        }

        for (int row = 0; row < rows; row++)
        {
            LowRank.Row(left, rows, right, rank, row, result.AsSpan(row * columns, columns));
        }

        return result;
    }

    private static float[] Reflect(float[] matrix)
    {
        float[] u = [0.5f, 0.5f, 0.5f, 0.5f];
        float[] v = [0.1f, 0.7f, 0.5f, 0.5f];
        float[] result = new float[16];
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                double sum = 0;
                for (int a = 0; a < 4; a++)
                {
                    for (int b = 0; b < 4; b++)
                    {
                        sum += ((i == a ? 1 : 0) - (2 * u[i] * u[a])) * matrix[(a * 4) + b] * ((b == j ? 1 : 0) - (2 * v[b] * v[j]));
                    }
                }

                result[(i * 4) + j] = (float)sum;
            }
        }

        return result;
    }
}
