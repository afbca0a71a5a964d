using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>
/// A sparse matrix times a panel of 16 right-hand sides, by entries in the order of columns: the panel streams through once, and the sums of a block of rows stay in the first-level cache.
/// </summary>
internal static unsafe class ProductKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>sums[rows[k] + i] += values[k] · panel[columns[k] + i] for i of 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(int* columns, int* rows, float* values, int count, float* panel, float* sums)
    {
        // Not a loop over columns with one over rows inside: those are short and of uneven length, and a wrong guess of their end costs more than an entry.
        int k = 0;
        for (; k + 4 <= count; k += 4)
        {
            One(values[k], panel + columns[k], sums + rows[k]);
            One(values[k + 1], panel + columns[k + 1], sums + rows[k + 1]);
            One(values[k + 2], panel + columns[k + 2], sums + rows[k + 2]);
            One(values[k + 3], panel + columns[k + 3], sums + rows[k + 3]);
        }

        for (; k < count; k++)
        {
            One(values[k], panel + columns[k], sums + rows[k]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(float value, float* x, float* sum)
    {
        TVector w = TLanes.Fill(value);
        TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Load(x), TLanes.Load(sum)), sum);
        if (TLanes.Count <= 8)
        {
            TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Load(x + TLanes.Count), TLanes.Load(sum + TLanes.Count)), sum + TLanes.Count);
        }

        if (TLanes.Count <= 4)
        {
            TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Load(x + 8), TLanes.Load(sum + 8)), sum + 8);
            TLanes.Store(TLanes.MultiplyAdd(w, TLanes.Load(x + 12), TLanes.Load(sum + 12)), sum + 12);
        }
    }
}
