using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class GramMatrixTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 15)]
    [InlineData(3, 1024)]
    [InlineData(4, 1025)]
    [InlineData(5, 4099)]
    [InlineData(13, 2060)]
    [InlineData(3, 300_001)]
    public void Compute_AnyShape_IsWithinTheBoundOfTheDoubleReference(int p, int n)
    {
        float[][] updates = RobustData.Updates(p, n);

        GramMatrix gram = GramMatrix.Compute(RobustData.Memories(updates), degree: 2);

        for (int i = 0; i < p; i++)
        {
            for (int j = 0; j < p; j++)
            {
                double exact = 0, magnitude = 0;
                for (int k = 0; k < n; k++)
                {
                    exact += (double)updates[i][k] * updates[j][k];
                    magnitude += Math.Abs((double)updates[i][k] * updates[j][k]);
                }

                Assert.Equal(exact, gram[i, j], 70 * Math.Pow(2, -24) * magnitude);
                Assert.Equal(exact, gram[i, j], 2e-6 * magnitude);
            }
        }
    }

    [Fact]
    public void Compute_AnyDegree_GivesTheSameBits()
    {
        ReadOnlyMemory<float>[] updates = RobustData.Memories(RobustData.Updates(6, 400_000));

        Assert.Equal(GramMatrix.Compute(updates, 1).Products, GramMatrix.Compute(updates, 3).Products);
    }

    [Fact]
    public void Compute_HugeAndTinyUpdates_AreScaledFirst()
    {
        float[] a = [1e30f, -2e30f], b = [1e-30f, 3e-30f], c = [1, 1];

        GramMatrix gram = GramMatrix.Compute([a, b, c], 1);

        Assert.Equal(5e60, gram[0, 0], 5e54);
        Assert.Equal(1e-59, gram[1, 1], 1e-65);
        Assert.Equal(-5, gram[0, 1], 1e-5);
        Assert.Equal(-1e30, gram[0, 2], 1e24);
        Assert.Equal(2, gram[2, 2]);
    }

    [Fact]
    public void Compute_UpdateThatIsNotFinite_SpoilsItsOwnRowOnly()
    {
        GramMatrix gram = GramMatrix.Compute([new float[] { float.NaN, 1 }, new float[] { 1, 2 }, new float[] { float.PositiveInfinity, 0 }], 1);

        Assert.True(double.IsNaN(gram[0, 0]));
        Assert.True(double.IsNaN(gram[2, 2]));
        Assert.Equal(5, gram[1, 1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    public void Eigen_RandomSymmetricMatrix_IsDecomposed(int n)
    {
        var random = new CounterRandom(4, RandomPurpose.Test);
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                matrix[(i * n) + j] = matrix[(j * n) + i] = random.NextGaussian();
            }
        }

        var eigen = new SymmetricEigen(matrix, n);

        for (int j = 0; j < n; j++)
        {
            Assert.True(j == 0 || eigen.Values[j] <= eigen.Values[j - 1]);
            for (int i = 0; i < n; i++)
            {
                double image = Enumerable.Range(0, n).Sum(k => matrix[(i * n) + k] * eigen.Vectors[j][k]);
                Assert.Equal(eigen.Values[j] * eigen.Vectors[j][i], image, 1e-12 * n);
                Assert.Equal(i == j ? 1 : 0, NaiveFlag.Dot(eigen.Vectors[i], eigen.Vectors[j]), 1e-12);
            }
        }
    }

    [Fact]
    public void Eigen_DegenerateMatrices_AreDecomposed()
    {
        Assert.Equal([0, 0, 0], new SymmetricEigen(new double[9], 3).Values);
        Assert.Equal([3, 2, 1], new SymmetricEigen([2, 0, 0, 0, 3, 0, 0, 0, 1], 3).Values);
        RobustData.AssertClose([4, 0, 0, 0], new SymmetricEigen([.. Enumerable.Repeat(1.0, 16)], 4).Values, 1e-14);
        Assert.Empty(new SymmetricEigen([], 0).Values);
    }
}
