using Federated.Aggregation.Kernels;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>The inner products of the vectors of a round: all that a Gram rule has to know of them.</summary>
public sealed class GramMatrix
{
    private readonly double[] _products;

    /// <summary>Wraps a matrix.</summary>
    /// <param name="products">p×p inner products in row order, symmetric.</param>
    /// <exception cref="ArgumentException">It is not square.</exception>
    public GramMatrix(double[] products)
    {
        ArgumentNullException.ThrowIfNull(products);
        Count = (int)Math.Round(Math.Sqrt(products.Length));
        if (Count * Count != products.Length)
        {
            throw new ArgumentException($"{products.Length} numbers are no square matrix.", nameof(products));
        }

        _products = products;
    }

    /// <summary>Number of vectors p.</summary>
    public int Count { get; }

    /// <summary>The inner product of two vectors.</summary>
    public double this[int i, int j] => _products[(i * Count) + j];

    /// <summary>The products in row order.</summary>
    public ReadOnlySpan<double> Products => _products;

    /// <summary>L2 norm of a vector.</summary>
    public double Norm(int i) => Math.Sqrt(Math.Max(0, this[i, i]));

    /// <summary>Squared distance of two vectors; at least 0. Absolute error about 1e-6 of the two squared norms.</summary>
    public double SquaredDistance(int i, int j) => i == j ? 0 : Math.Max(0, this[i, i] + this[j, j] - (2 * this[i, j]));

    /// <summary>
    /// Computes the matrix. Vectors whose squares would leave float32's range are scaled by a power of two in a copy first, so
    /// their products are right as well. The diagonal of a vector with a NaN or an infinity is NaN.
    /// </summary>
    /// <param name="vectors">Equally long vectors.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    public static GramMatrix Compute(IReadOnlyList<ReadOnlyMemory<float>> vectors, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentOutOfRangeException.ThrowIfNegative(degree);
        if (vectors.Count == 0)
        {
            return new GramMatrix([]);
        }

        int workers = degree == 0 ? Environment.ProcessorCount : degree;
        double[] products = Multiply(vectors, workers);
        int count = vectors.Count;
        ReadOnlyMemory<float>[] scaled = [.. vectors];
        double[] scales = new double[count];
        bool isScaled = false;
        for (int i = 0; i < count; i++)
        {
            scales[i] = VectorScale.For(vectors[i].Span, products[(i * count) + i]);
            if (scales[i] != 1)
            {
                scaled[i] = VectorScale.Apply(vectors[i].Span, scales[i]);
                isScaled = true;
            }
        }

        if (isScaled)
        {
            products = Multiply(scaled, workers);
            for (int i = 0; i < products.Length; i++)
            {
                products[i] /= scales[i / count] * scales[i % count];
            }
        }

        return Marked(products, count);
    }

    /// <summary>The matrix whose diagonal is NaN wherever it is not finite.</summary>
    internal static GramMatrix Marked(double[] products, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!double.IsFinite(products[(i * count) + i]))
            {
                products[(i * count) + i] = double.NaN;
            }
        }

        return new GramMatrix(products);
    }

    /// <summary>The sum of two matrices: that of the vectors whose two parts they were computed from.</summary>
    /// <exception cref="ArgumentException">They are of different numbers of vectors.</exception>
    public GramMatrix Plus(GramMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Count == Count
            ? new GramMatrix([.. _products.Zip(other._products, (mine, its) => mine + its)])
            : throw new ArgumentException($"The matrices are of {Count} and {other.Count} vectors.", nameof(other));
    }

    /// <summary>The matrix of some of the vectors, or of all in another order.</summary>
    /// <param name="vectors">Their positions.</param>
    public GramMatrix Select(IReadOnlyList<int> vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        return new GramMatrix([.. vectors.SelectMany(i => vectors.Select(j => this[i, j]))]);
    }

    private static double[] Multiply(IReadOnlyList<ReadOnlyMemory<float>> vectors, int degree)
    {
        using var pins = new PinnedVectors(vectors);
        return GramKernel.Run(pins.Addresses, pins.Length, degree);
    }
}
