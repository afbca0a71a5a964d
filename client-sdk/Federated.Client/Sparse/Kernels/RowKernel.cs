using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>Elementwise work on one contiguous row of an activation.</summary>
internal static unsafe class RowKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>destination = (x - centre) · scale + shift (+ residual), and not below <paramref name="floor"/>. A null residual is none. The centre by itself costs nothing and spares the digits that x · scale and a shift that holds it would lose to each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(float* x, int length, float centre, float scale, float shift, float* residual, float floor, float* destination)
    {
        TVector minus = TLanes.Fill(-centre), s = TLanes.Fill(scale), b = TLanes.Fill(shift), least = TLanes.Fill(floor);
        int n = TLanes.Count, i = 0;
        if (residual is null)
        {
            for (; i + n <= length; i += n)
            {
                TLanes.Store(TLanes.Max(TLanes.MultiplyAdd(TLanes.Add(TLanes.Load(x + i), minus), s, b), least), destination + i);
            }
        }
        else
        {
            for (; i + n <= length; i += n)
            {
                TLanes.Store(TLanes.Max(TLanes.Add(TLanes.MultiplyAdd(TLanes.Add(TLanes.Load(x + i), minus), s, b), TLanes.Load(residual + i)), least), destination + i);
            }
        }

        for (; i < length; i++)
        {
            destination[i] = Math.Max(((x[i] - centre) * scale) + shift + (residual is null ? 0 : residual[i]), floor);
        }
    }

    /// <summary>destination += x · factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* x, int length, float factor, float* destination)
    {
        TVector f = TLanes.Fill(factor);
        int n = TLanes.Count, i = 0;
        for (; i + n <= length; i += n)
        {
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + i), f, TLanes.Load(destination + i)), destination + i);
        }

        for (; i < length; i++)
        {
            destination[i] += x[i] * factor;
        }
    }
}
