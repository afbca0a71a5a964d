using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust;

public sealed class SparseGramTests
{
    private const int Length = 400;

    [Fact]
    public void Matrix_SparseVectors_IsTheExactOneInAnyOrder()
    {
        float[][] vectors = [.. Enumerable.Range(0, 9).Select(k => Vector(k, 1 + (k * 12)))];
        double[] exact = [.. vectors.SelectMany(a => vectors.Select(b => a.Zip(b, (x, y) => (double)x * y).Sum()))];
        int[] order = [4, 0, 8, 2, 6, 1, 7, 3, 5];

        double[] straight = Gram(vectors).Products.ToArray();
        GramMatrix shuffled = Gram([.. order.Select(k => vectors[k])]);

        Assert.All(exact.Zip(straight), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        Assert.Equal(straight, shuffled.Select([.. Enumerable.Range(0, 9).Select(k => Array.IndexOf(order, k))]).Products);
    }

    [Fact]
    public void Add_NothingOrNotFinite_SpoilsItsOwnRowOnly()
    {
        var gram = new SparseGram(Length);
        gram.Add([], []);
        gram.Add([3, 7], [1, float.NaN]);
        gram.Add([3, 5], [2, 4]);

        GramMatrix matrix = gram.Matrix();

        Assert.Equal(0, matrix[0, 0]);
        Assert.True(double.IsNaN(matrix[1, 1]));
        Assert.Equal(20, matrix[2, 2]);
        Assert.Equal(2, matrix[1, 2]);
        Assert.Throws<ArgumentException>(() => gram.Add([1], []));
    }

    private static GramMatrix Gram(float[][] vectors)
    {
        var gram = new SparseGram(Length);
        foreach (float[] vector in vectors)
        {
            int[] indices = [.. Enumerable.Range(0, Length).Where(i => vector[i] != 0)];
            gram.Add(indices, [.. indices.Select(i => vector[i])]);
        }

        return gram.Matrix();
    }

    private static float[] Vector(int seed, int kept)
    {
        float[] vector = new float[Length];
        var random = new CounterRandom(3, RandomPurpose.Test, (uint)seed);
        foreach (int i in random.Choose(Length, kept))
        {
            vector[i] = (float)(random.NextDouble() - 0.4);
        }

        return vector;
    }
}
