namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// The inner products of vectors of which most elements are zero, one vector after another. A vector costs what it has of elements that are not zero, and what it shares
/// of them with those before: nothing is as long as the vectors but one list of what stands at each coordinate. Not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Products of two float32 are exact in float64, and are summed in the order of the coordinates: an entry has the same bits whatever the order in which the vectors came.
/// </remarks>
/// <param name="length">Elements of a vector.</param>
public sealed class SparseGram(int length)
{
    private const int None = -1;

    private readonly List<double[]> _rows = [];
    private int[] _last = [];
    private Entry[] _entries = [];
    private int _used;

    /// <summary>Vectors so far.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a vector, and computes its products with those before.</summary>
    /// <param name="indices">Ascending coordinates.</param>
    /// <param name="values">The elements at them.</param>
    /// <exception cref="ArgumentException">The numbers of coordinates and elements differ.</exception>
    /// <exception cref="IndexOutOfRangeException">A coordinate is outside the vector.</exception>
    public void Add(ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        if (indices.Length != values.Length)
        {
            throw new ArgumentException($"There are {indices.Length} coordinates and {values.Length} elements.", nameof(values));
        }

        if (_last.Length == 0)
        {
            _last = GC.AllocateUninitializedArray<int>(length);
            Array.Fill(_last, None);
        }

        MakeRoom(indices.Length);
        int number = Count;
        double[] row = new double[number + 1];
        for (int i = 0; i < indices.Length; i++)
        {
            ref int last = ref _last[indices[i]];
            double value = values[i];
            for (int at = last; at != None; at = _entries[at].Before)
            {
                row[_entries[at].Vector] += value * _entries[at].Value;
            }

            row[number] += value * value;
            _entries[_used] = new Entry(values[i], number, last);
            last = _used++;
        }

        _rows.Add(row);
    }

    /// <summary>The matrix of the vectors so far, in the order in which they came. The diagonal of a vector with a NaN or an infinity is NaN.</summary>
    public GramMatrix Matrix()
    {
        int count = Count;
        double[] products = new double[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                products[(i * count) + j] = products[(j * count) + i] = _rows[i][j];
            }
        }

        return GramMatrix.Marked(products, count);
    }

    private void MakeRoom(int more)
    {
        if (_entries.Length - _used < more)
        {
            Array.Resize(ref _entries, Math.Max(_used + more, 2 * _entries.Length));
        }
    }

    /// <summary>An element of a vector, and the element of an earlier vector at the same coordinate.</summary>
    private readonly record struct Entry(float Value, int Vector, int Before);
}
