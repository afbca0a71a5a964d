namespace Federated.Client.Sparse.Kernels;

/// <summary>One row of a sparse matrix as the kernels take it: the source of entry k starts at Table[Columns[k]] floats.</summary>
internal readonly unsafe struct SparseRow(int* columns, float* values, int count, int* table)
{
    public readonly int* Columns = columns;

    public readonly float* Values = values;

    public readonly int Count = count;

    public readonly int* Table = table;
}
