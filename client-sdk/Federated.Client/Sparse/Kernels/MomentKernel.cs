using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>The passes of batch norm over one channel. Rows are summed in float32, over several sums at once, and added up in float64.</summary>
internal static unsafe class MomentKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Σ x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(RowBlock x)
    {
        double total = 0;
        int n = TLanes.Count;
        for (int y = 0; y < x.Rows; y++)
        {
            float* p = x.Start + ((nint)y * x.Pitch);
            TVector a = TLanes.Fill(0), b = a, c = a, d = a;
            float rest = 0;
            int i = 0;
            for (; i + (4 * n) <= x.Length; i += 4 * n)
            {
                a = TLanes.Add(a, TLanes.Load(p + i));
                b = TLanes.Add(b, TLanes.Load(p + i + n));
                c = TLanes.Add(c, TLanes.Load(p + i + (2 * n)));
                d = TLanes.Add(d, TLanes.Load(p + i + (3 * n)));
            }

            for (; i < x.Length; i++)
            {
                rest += p[i];
            }

            total += TLanes.Sum(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d))) + rest;
        }

        return total;
    }

    /// <summary>Σ (x - mean)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SquaresAround(RowBlock x, float mean)
    {
        double total = 0;
        int n = TLanes.Count;
        TVector minus = TLanes.Fill(-mean);
        for (int y = 0; y < x.Rows; y++)
        {
            float* p = x.Start + ((nint)y * x.Pitch);
            TVector a = TLanes.Fill(0), b = a;
            float rest = 0;
            int i = 0;
            for (; i + (2 * n) <= x.Length; i += 2 * n)
            {
                TVector u = TLanes.Add(TLanes.Load(p + i), minus), v = TLanes.Add(TLanes.Load(p + i + n), minus);
                a = TLanes.MultiplyAdd(u, u, a);
                b = TLanes.MultiplyAdd(v, v, b);
            }

            for (; i < x.Length; i++)
            {
                rest += (p[i] - mean) * (p[i] - mean);
            }

            total += TLanes.Sum(TLanes.Add(a, b)) + rest;
        }

        return total;
    }

    /// <summary>Σ g and Σ g · (x - mean).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Sum, double Projected) Project(RowBlock g, RowBlock x, float mean)
    {
        double sum = 0, projected = 0;
        int n = TLanes.Count;
        TVector minus = TLanes.Fill(-mean);
        for (int y = 0; y < g.Rows; y++)
        {
            float* p = g.Start + ((nint)y * g.Pitch), q = x.Start + ((nint)y * x.Pitch);
            TVector a = TLanes.Fill(0), b = a, c = a, d = a;
            float restSum = 0, restProjected = 0;
            int i = 0;
            for (; i + (2 * n) <= g.Length; i += 2 * n)
            {
                TVector u = TLanes.Load(p + i), v = TLanes.Load(p + i + n);
                a = TLanes.Add(a, u);
                b = TLanes.Add(b, v);
                c = TLanes.MultiplyAdd(u, TLanes.Add(TLanes.Load(q + i), minus), c);
                d = TLanes.MultiplyAdd(v, TLanes.Add(TLanes.Load(q + i + n), minus), d);
            }

            for (; i < g.Length; i++)
            {
                restSum += p[i];
                restProjected += p[i] * (q[i] - mean);
            }

            sum += TLanes.Sum(TLanes.Add(a, b)) + restSum;
            projected += TLanes.Sum(TLanes.Add(c, d)) + restProjected;
        }

        return (sum, projected);
    }

    /// <summary>destination = (accumulates ? destination : 0) + g · a + (x - mean) · b + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Combine(RowBlock g, RowBlock x, float mean, float a, float b, float c, bool accumulates, float* destination, int pitch)
    {
        int n = TLanes.Count;
        TVector va = TLanes.Fill(a), vb = TLanes.Fill(b), vc = TLanes.Fill(c), minus = TLanes.Fill(-mean);
        for (int y = 0; y < g.Rows; y++)
        {
            float* p = g.Start + ((nint)y * g.Pitch), q = x.Start + ((nint)y * x.Pitch), to = destination + ((nint)y * pitch);
            int i = 0;
            for (; i + n <= g.Length; i += n)
            {
                TVector v = TLanes.MultiplyAdd(TLanes.Load(p + i), va, TLanes.MultiplyAdd(TLanes.Add(TLanes.Load(q + i), minus), vb, vc));
                TLanes.Store(accumulates ? TLanes.Add(v, TLanes.Load(to + i)) : v, to + i);
            }

            for (; i < g.Length; i++)
            {
                to[i] = (accumulates ? to[i] : 0) + (p[i] * a) + ((q[i] - mean) * b) + c;
            }
        }
    }

    /// <summary>g = 0 where the output is not above 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gate(RowBlock g, RowBlock output)
    {
        int n = TLanes.Count;
        for (int y = 0; y < g.Rows; y++)
        {
            float* p = g.Start + ((nint)y * g.Pitch), q = output.Start + ((nint)y * output.Pitch);
            int i = 0;
            for (; i + n <= g.Length; i += n)
            {
                TLanes.Store(TLanes.WherePositive(TLanes.Load(q + i), TLanes.Load(p + i)), p + i);
            }

            for (; i < g.Length; i++)
            {
                p[i] = q[i] > 0 ? p[i] : 0;
            }
        }
    }
}
