namespace Federated.Client.Sparse;

/// <summary>
/// A sparse matrix by rows: the values of a row in ascending order of their columns. The weights of a convolution are a matrix of (output channels) × (input channels · kernel²), those of a
/// linear layer one of (outputs) × (inputs): both are the dense tensor's own order.
/// </summary>
/// <remarks>
/// The matrix copies nothing: its three memories may be arrays or lie over a mapped file (give the <see cref="Memory{T}"/> of a <see cref="System.Buffers.MemoryManager{T}"/> over the
/// mapping). Whoever owns the memory keeps it alive and unchanged for as long as the matrix is in use. The structure is checked once, here, so that the kernels read without checks.
/// </remarks>
public sealed class CsrMatrix
{
    /// <summary>Wraps and checks a matrix.</summary>
    /// <param name="rows">Number of rows, at least 1.</param>
    /// <param name="columns">Number of columns, at least 1.</param>
    /// <param name="rowPointers"><paramref name="rows"/> + 1 ascending positions; row i holds the entries from element i to element i + 1, exclusive. Starts at 0.</param>
    /// <param name="columnIndices">The columns of the entries, strictly ascending within a row.</param>
    /// <param name="values">The values of the entries.</param>
    /// <exception cref="ArgumentException">The parts do not make a matrix; the message names the row.</exception>
    public CsrMatrix(int rows, int columns, ReadOnlyMemory<int> rowPointers, ReadOnlyMemory<int> columnIndices, ReadOnlyMemory<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Check(rows, columns, rowPointers.Span, columnIndices.Span, values.Length);
        Rows = rows;
        Columns = columns;
        RowPointers = rowPointers;
        ColumnIndices = columnIndices;
        Values = values;
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Where the rows start: <see cref="Rows"/> + 1 positions.</summary>
    public ReadOnlyMemory<int> RowPointers { get; }

    /// <summary>The columns of the entries.</summary>
    public ReadOnlyMemory<int> ColumnIndices { get; }

    /// <summary>The values of the entries.</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>Number of entries.</summary>
    public int Count => Values.Length;

    /// <summary>Entries as a share of all elements, 0 to 1.</summary>
    public double Density => (double)Count / ((double)Rows * Columns);

    /// <summary>The elements of a dense matrix that are not zero.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="dense">Row-major, rows × columns.</param>
    /// <exception cref="ArgumentException">The dense matrix has another length.</exception>
    public static CsrMatrix FromDense(int rows, int columns, ReadOnlySpan<float> dense)
    {
        CheckDense(rows, columns, dense.Length);
        int count = dense.Length - System.MemoryExtensions.Count(dense, 0f);
        int[] active = new int[count];
        int k = 0;
        for (int i = 0; i < dense.Length; i++)
        {
            if (dense[i] != 0)
            {
                active[k++] = i;
            }
        }

        return FromActive(rows, columns, dense, active);
    }

    /// <summary>The named elements of a dense matrix, zeros among them too: an active weight may be zero for a while.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="dense">Row-major, rows × columns.</param>
    /// <param name="active">Flat indices of the entries, strictly ascending.</param>
    /// <exception cref="ArgumentException">A length is wrong, or an index is out of range or out of order.</exception>
    public static CsrMatrix FromActive(int rows, int columns, ReadOnlySpan<float> dense, ReadOnlySpan<int> active)
    {
        CheckDense(rows, columns, dense.Length);
        int[] pointers = new int[rows + 1];
        int[] indices = new int[active.Length];
        float[] values = new float[active.Length];
        int previous = -1;
        for (int k = 0; k < active.Length; k++)
        {
            int index = active[k];
            if (index <= previous || index >= dense.Length)
            {
                throw new ArgumentException($"Active index {index} at position {k} follows {previous}; indices ascend and lie below {dense.Length}.", nameof(active));
            }

            previous = index;
            pointers[(index / columns) + 1]++;
            indices[k] = index % columns;
            values[k] = dense[index];
        }

        for (int row = 0; row < rows; row++)
        {
            pointers[row + 1] += pointers[row];
        }

        return new CsrMatrix(rows, columns, pointers, indices, values);
    }

    private static void CheckDense(int rows, int columns, int length)
    {
        if ((long)rows * columns != length)
        {
            throw new ArgumentException($"A dense matrix of {rows} × {columns} has {(long)rows * columns} elements, not {length}.");
        }
    }

    private static void Check(int rows, int columns, ReadOnlySpan<int> pointers, ReadOnlySpan<int> indices, int values)
    {
        if (pointers.Length != rows + 1L || pointers[0] != 0 || pointers[^1] != indices.Length || indices.Length != values)
        {
            throw new ArgumentException(
                $"A matrix of {rows} rows has {rows + 1L} row pointers from 0 to the number of entries; there are {pointers.Length} pointers, {indices.Length} columns and {values} values.");
        }

        for (int row = 0; row < rows; row++)
        {
            int start = pointers[row], end = pointers[row + 1];
            if (end < start || end > indices.Length)
            {
                throw new ArgumentException($"Row {row} runs from entry {start} to {end} of {indices.Length}.");
            }

            int previous = -1;
            for (int k = start; k < end; k++)
            {
                int column = indices[k];
                if (column <= previous || column >= columns)
                {
                    throw new ArgumentException($"Row {row} has column {column} after {previous}; columns ascend and lie below {columns}.");
                }

                previous = column;
            }
        }
    }
}
