using Federated.Aggregation.Kernels;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// A Gram matrix whose columns grow as vectors arrive, so that the work is done while the next one is on its way. The numbers are the same, bit for
/// bit, as those of <see cref="GramMatrix.Compute"/> over the same vectors in the same order. Not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// A pass over all vectors that are there is made for every group of them, the size of the kernel's tile: n²/2 products for n vectors in any case, but more
/// reading than the one pass of a batch.
/// </remarks>
/// <param name="degree">Most cores to use at once; 0 for all.</param>
public sealed class GrowingGram(int degree = 0)
{
    private readonly List<ReadOnlyMemory<float>> _vectors = [];
    private readonly List<double> _scales = [];
    private readonly List<double[]> _rows = [];

    /// <summary>Vectors so far.</summary>
    public int Count => _vectors.Count;

    /// <summary>Adds a vector.</summary>
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
        if (Count % GramPack.Side == 0)
        {
            _rows.AddRange(NewRows());
        }
    }

    /// <summary>The matrix of the vectors so far. More may be added afterwards.</summary>
    public GramMatrix Matrix()
    {
        int count = Count;
        double[][] rows = [.. _rows, .. NewRows()];
        double[] products = new double[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                products[(i * count) + j] = products[(j * count) + i] = rows[i][j] / (_scales[i] * _scales[j]);
            }
        }

        return GramMatrix.Marked(products, count);
    }

    // Row i up to column i, for the vectors that have none yet.
    private double[][] NewRows()
    {
        int count = Count, first = _rows.Count;
        if (first == count)
        {
            return [];
        }

        using var pins = new PinnedVectors(_vectors);
        double[] products = GramKernel.Run(pins.Addresses, pins.Length, degree == 0 ? Environment.ProcessorCount : degree, first);
        return [.. Enumerable.Range(first, count - first).Select(i => products.AsSpan(i * count, i + 1).ToArray())];
    }
}
