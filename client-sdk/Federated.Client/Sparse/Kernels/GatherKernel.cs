using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>
/// Weighted sums of shifted runs: destination[i] = Σ_k value[k] · source[table[column[k]] + i]. Every entry of a row is read once for a whole block of outputs, whose sums stay in registers;
/// the sources of a block lie next to each other, so an entry costs one broadcast and one load and multiply-add a vector.
/// </summary>
internal static unsafe class GatherKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Four groups of 64 floats, each with a source of its own, into 256 contiguous floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quad(SparseRow row, float* s0, float* s1, float* s2, float* s3, float* destination)
    {
        if (TLanes.Count == 16)
        {
            Wide(row, s0, s1, s2, s3, destination);
            return;
        }

        Single(row, s0, destination);
        Single(row, s1, destination + 64);
        Single(row, s2, destination + 128);
        Single(row, s3, destination + 192);
    }

    /// <summary>One group of 64 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Single(SparseRow row, float* source, float* destination)
    {
        if (TLanes.Count == 16)
        {
            SingleOfFour(row, source, destination);
        }
        else if (TLanes.Count == 8)
        {
            HalfOfEight(row, source, destination);
        }
        else
        {
            HalfOfEight(row, source, destination);
            HalfOfEight(row, source + 32, destination + 32);
        }
    }

    /// <summary>One vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sliver(SparseRow row, float* source, float* destination)
    {
        int* columns = row.Columns, table = row.Table;
        float* values = row.Values;
        TVector a = TLanes.Fill(0), b = a, c = a, d = a;
        int k = 0;
        for (; k + 4 <= row.Count; k += 4)
        {
            a = TLanes.MultiplyAdd(TLanes.Fill(values[k]), TLanes.Load(source + table[columns[k]]), a);
            b = TLanes.MultiplyAdd(TLanes.Fill(values[k + 1]), TLanes.Load(source + table[columns[k + 1]]), b);
            c = TLanes.MultiplyAdd(TLanes.Fill(values[k + 2]), TLanes.Load(source + table[columns[k + 2]]), c);
            d = TLanes.MultiplyAdd(TLanes.Fill(values[k + 3]), TLanes.Load(source + table[columns[k + 3]]), d);
        }

        for (; k < row.Count; k++)
        {
            a = TLanes.MultiplyAdd(TLanes.Fill(values[k]), TLanes.Load(source + table[columns[k]]), a);
        }

        TLanes.Store(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), destination);
    }

    // Sixteen sums of sixteen floats: half of the registers of AVX-512.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide(SparseRow row, float* s0, float* s1, float* s2, float* s3, float* destination)
    {
        int* column = row.Columns, end = column + row.Count, table = row.Table;
        float* value = row.Values;
        TVector a0 = TLanes.Fill(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TVector c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        for (; column < end; column++, value++)
        {
            TVector w = TLanes.Fill(*value);
            nint at = table[*column];
            float* p = s0 + at;
            a0 = TLanes.MultiplyAdd(w, TLanes.Load(p), a0);
            a1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), a1);
            a2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), a2);
            a3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), a3);
            p = s1 + at;
            b0 = TLanes.MultiplyAdd(w, TLanes.Load(p), b0);
            b1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), b1);
            b2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), b2);
            b3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), b3);
            p = s2 + at;
            c0 = TLanes.MultiplyAdd(w, TLanes.Load(p), c0);
            c1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), c1);
            c2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), c2);
            c3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), c3);
            p = s3 + at;
            d0 = TLanes.MultiplyAdd(w, TLanes.Load(p), d0);
            d1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), d1);
            d2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), d2);
            d3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), d3);
        }

        StoreFour(a0, a1, a2, a3, destination);
        StoreFour(b0, b1, b2, b3, destination + 64);
        StoreFour(c0, c1, c2, c3, destination + 128);
        StoreFour(d0, d1, d2, d3, destination + 192);
    }

    // Two entries at a time, each with sums of its own, hide the latency of the multiply-add.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SingleOfFour(SparseRow row, float* source, float* destination)
    {
        int* columns = row.Columns, table = row.Table;
        float* values = row.Values;
        TVector a0 = TLanes.Fill(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int k = 0;
        for (; k + 2 <= row.Count; k += 2)
        {
            float* p = source + table[columns[k]];
            TVector w = TLanes.Fill(values[k]);
            a0 = TLanes.MultiplyAdd(w, TLanes.Load(p), a0);
            a1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), a1);
            a2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), a2);
            a3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), a3);
            p = source + table[columns[k + 1]];
            w = TLanes.Fill(values[k + 1]);
            b0 = TLanes.MultiplyAdd(w, TLanes.Load(p), b0);
            b1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), b1);
            b2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), b2);
            b3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), b3);
        }

        if (k < row.Count)
        {
            float* p = source + table[columns[k]];
            TVector w = TLanes.Fill(values[k]);
            a0 = TLanes.MultiplyAdd(w, TLanes.Load(p), a0);
            a1 = TLanes.MultiplyAdd(w, TLanes.Load(p + 16), a1);
            a2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 32), a2);
            a3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 48), a3);
        }

        StoreFour(TLanes.Add(a0, b0), TLanes.Add(a1, b1), TLanes.Add(a2, b2), TLanes.Add(a3, b3), destination);
    }

    // Eight sums: 64 floats of AVX2, 32 of NEON or SSE.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfOfEight(SparseRow row, float* source, float* destination)
    {
        int* column = row.Columns, end = column + row.Count, table = row.Table;
        float* value = row.Values;
        int n = TLanes.Count;
        TVector a0 = TLanes.Fill(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (; column < end; column++, value++)
        {
            TVector w = TLanes.Fill(*value);
            float* p = source + table[*column];
            a0 = TLanes.MultiplyAdd(w, TLanes.Load(p), a0);
            a1 = TLanes.MultiplyAdd(w, TLanes.Load(p + n), a1);
            a2 = TLanes.MultiplyAdd(w, TLanes.Load(p + (2 * n)), a2);
            a3 = TLanes.MultiplyAdd(w, TLanes.Load(p + (3 * n)), a3);
            b0 = TLanes.MultiplyAdd(w, TLanes.Load(p + (4 * n)), b0);
            b1 = TLanes.MultiplyAdd(w, TLanes.Load(p + (5 * n)), b1);
            b2 = TLanes.MultiplyAdd(w, TLanes.Load(p + (6 * n)), b2);
            b3 = TLanes.MultiplyAdd(w, TLanes.Load(p + (7 * n)), b3);
        }

        StoreFour(a0, a1, a2, a3, destination);
        StoreFour(b0, b1, b2, b3, destination + (4 * n));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(TVector a, TVector b, TVector c, TVector d, float* destination)
    {
        TLanes.Store(a, destination);
        TLanes.Store(b, destination + TLanes.Count);
        TLanes.Store(c, destination + (2 * TLanes.Count));
        TLanes.Store(d, destination + (3 * TLanes.Count));
    }
}
