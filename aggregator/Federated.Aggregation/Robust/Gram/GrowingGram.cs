using Federated.Aggregation.Kernels;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// A Gram matrix whose columns grow as vectors arrive, so that the work is done while the next one is on its way. The numbers are the same, bit for
/// bit, as those of <see cref="GramMatrix.Compute"/> over the same vectors, whatever the order in which they came. Not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Each <see cref="Grow"/> is a pass over all vectors that are there: n²/2 products for n vectors in any case, but more reading than the one pass of a
/// batch. Vectors that wait together are better added together.
/// </remarks>
/// <param name="degree">Most cores to use at once; 0 for all.</param>
public sealed class GrowingGram(int degree = 0)
{
    private readonly List<ReadOnlyMemory<float>> _vectors = [];
    private readonly List<double> _scales = [];
    private readonly List<double[]> _rows = [];

    /// <summary>Vectors so far.</summary>
    public int Count => _vectors.Count;

    /// <summary>Adds a vector; its products are computed by the next <see cref="Grow"/>.</summary>
    /// <param name="vector">As long as the others; stays readable and unchanged while this matrix is in use.</param>
    /// <exception cref="ArgumentException">Its length differs.</exception>
    public void Add(ReadOnlyMemory<float> vector)
    {
        if (Count > 0 && vector.Length != _vectors[0].Length)
        {
            throw new ArgumentException($"The vector has {vector.Length} elements; those before have {_vectors[0].Length}.", nameof(vector));
        }

        double scale = VectorScale.For(vector.Span, VectorMath.SquaredNorm(vector.Span));
        _vectors.Add(scale == 1 ? vector : VectorScale.Apply(vector.Span, scale));
        _scales.Add(scale);
    }

    /// <summary>Computes what is missing of the vectors so far.</summary>
    public void Grow()
    {
        int count = Count;
        if (_rows.Count == count)
        {
            return;
        }

        // The kernel works on whole groups: the rows of one that was not full are computed once more.
        int first = _rows.Count / GramPack.Side * GramPack.Side;
        using var pins = new PinnedVectors(_vectors);
        double[] products = GramKernel.Run(pins.Addresses, pins.Length, degree == 0 ? Environment.ProcessorCount : degree, first);
        _rows.RemoveRange(first, _rows.Count - first);
        _rows.AddRange(Enumerable.Range(first, count - first).Select(i => products.AsSpan(i * count, i + 1).ToArray()));
    }

    /// <summary>The matrix of the vectors so far, in the order in which they came. More may be added afterwards.</summary>
    public GramMatrix Matrix()
    {
        Grow();
        int count = Count;
        double[] products = new double[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                products[(i * count) + j] = products[(j * count) + i] = _rows[i][j] / (_scales[i] * _scales[j]);
            }
        }

        return GramMatrix.Marked(products, count);
    }
}
