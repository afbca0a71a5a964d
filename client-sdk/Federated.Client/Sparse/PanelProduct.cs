using System.Runtime.Intrinsics;
using Federated.Client.Sparse.Kernels;

namespace Federated.Client.Sparse;

/// <summary>
/// Products of a sparse matrix with panels of 16 right-hand sides. A panel holds one row of 16 floats, a cache line, for every column of the matrix. The product keeps a copy of the matrix in the
/// order of columns, 12 bytes an entry, so that a panel is read once and in order; <see cref="SparseInference"/> uses it for the linear layers of full panels, and the matrix as it is for fewer examples.
/// </summary>
public sealed unsafe class PanelProduct
{
    /// <summary>Right-hand sides of a panel.</summary>
    public const int PanelWidth = 16;

    /// <summary>Rows whose sums fit the first-level cache beside the panel.</summary>
    private const int BlockRows = 512;

    private readonly int[] _columns;
    private readonly int[] _rows;
    private readonly float[] _values;

    /// <summary>Brings a matrix into the order of columns.</summary>
    /// <param name="matrix">The matrix.</param>
    public PanelProduct(CsrMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        Rows = matrix.Rows;
        Columns = matrix.Columns;
        _columns = new int[matrix.Count];
        _rows = new int[matrix.Count];
        _values = new float[matrix.Count];
        int[] next = new int[Columns];
        for (int first = 0; first < Rows; first += BlockRows)
        {
            Sort(matrix, first, Math.Min(first + BlockRows, Rows), next);
        }
    }

    /// <summary>Rows of the matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; }

    /// <summary>Multiplies every panel. Workers take panels in turn; the result does not depend on their number.</summary>
    /// <param name="panels">Panel after panel: columns of the matrix × 16 floats.</param>
    /// <param name="results">Receives, panel after panel, rows of the matrix × 16 floats.</param>
    /// <param name="workers">Threads, at least 1.</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of panels.</exception>
    public void Multiply(ReadOnlyMemory<float> panels, Memory<float> results, int workers = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        long input = (long)Columns * PanelWidth, output = (long)Rows * PanelWidth;
        int count = (int)(panels.Length / input);
        if (count * input != panels.Length || count * output != results.Length)
        {
            throw new ArgumentException($"{panels.Length} floats in panels of {input} and {results.Length} results in panels of {output} are not the same number of panels.", nameof(results));
        }

        if (workers == 1 || count <= 1)
        {
            for (int panel = 0; panel < count; panel++)
            {
                Multiply(panels.Span, results.Span, panel);
            }

            return;
        }

        int next = -1;
        Parallel.For(0, Math.Min(workers, count), new ParallelOptions { MaxDegreeOfParallelism = workers }, _ =>
        {
            for (int panel = Interlocked.Increment(ref next); panel < count; panel = Interlocked.Increment(ref next))
            {
                Multiply(panels.Span, results.Span, panel);
            }
        });
    }

    /// <summary>One panel.</summary>
    internal void Multiply(float* panel, float* result)
    {
        new Span<float>(result, Rows * PanelWidth).Clear();
        fixed (int* columns = _columns, rows = _rows)
        {
            fixed (float* values = _values)
            {
                if (Vector512.IsHardwareAccelerated)
                {
                    ProductKernel<Lanes512, Vector512<float>>.Add(columns, rows, values, _values.Length, panel, result);
                }
                else if (Vector256.IsHardwareAccelerated)
                {
                    ProductKernel<Lanes256, Vector256<float>>.Add(columns, rows, values, _values.Length, panel, result);
                }
                else
                {
                    ProductKernel<Lanes128, Vector128<float>>.Add(columns, rows, values, _values.Length, panel, result);
                }
            }
        }
    }

    private void Multiply(ReadOnlySpan<float> panels, Span<float> results, int panel)
    {
        fixed (float* source = panels.Slice(panel * Columns * PanelWidth, Columns * PanelWidth), destination = results.Slice(panel * Rows * PanelWidth, Rows * PanelWidth))
        {
            Multiply(source, destination);
        }
    }

    // A counting sort of the block's entries by column; rows stay ascending within a column.
    private void Sort(CsrMatrix matrix, int first, int end, int[] next)
    {
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span, indices = matrix.ColumnIndices.Span;
        ReadOnlySpan<float> values = matrix.Values.Span;
        Array.Clear(next);
        foreach (int column in indices[pointers[first]..pointers[end]])
        {
            next[column]++;
        }

        int at = pointers[first];
        foreach (ref int position in next.AsSpan())
        {
            (position, at) = (at, at + position);
        }

        for (int row = first; row < end; row++)
        {
            for (int k = pointers[row]; k < pointers[row + 1]; k++)
            {
                int to = next[indices[k]]++;
                _columns[to] = indices[k] * PanelWidth;
                _rows[to] = row * PanelWidth;
                _values[to] = values[k];
            }
        }
    }
}
