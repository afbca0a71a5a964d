using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>Maxima of windows, a row of windows at a time; the examples of a pixel are neighbours.</summary>
internal static unsafe class PoolKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>The maximum of every window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Max(PoolWindows windows, float* input, int pitch, float* output)
    {
        int n = TLanes.Count;
        for (int window = 0; window < windows.Count; window++)
        {
            float* corner = input + (window * windows.Step), to = output + (window * windows.Lanes);
            int i = 0;
            for (; i + n <= windows.Lanes; i += n)
            {
                TVector largest = TLanes.Load(corner + i);
                for (int y = 0; y < windows.Height; y++)
                {
                    for (int x = 0; x < windows.Width; x++)
                    {
                        largest = TLanes.Max(largest, TLanes.Load(corner + (y * pitch) + (x * windows.Lanes) + i));
                    }
                }

                TLanes.Store(largest, to + i);
            }

            for (; i < windows.Lanes; i++)
            {
                float largest = corner[i];
                for (int pixel = 1; pixel < windows.Pixels; pixel++)
                {
                    largest = Math.Max(largest, corner[windows.Offset(pixel, pitch) + i]);
                }

                to[i] = largest;
            }
        }
    }

    /// <summary>Adds the gradient of every maximum to the first of the pixels that equal it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Route(PoolWindows windows, float* input, int pitch, float* output, float* gradient, float* to, int toPitch)
    {
        int n = TLanes.Count;
        for (int window = 0; window < windows.Count; window++)
        {
            float* corner = input + (window * windows.Step), target = to + (window * windows.Step);
            float* largest = output + (window * windows.Lanes), given = gradient + (window * windows.Lanes);
            int i = 0;
            for (; i + n <= windows.Lanes; i += n)
            {
                TVector left = TLanes.Load(given + i), sought = TLanes.Load(largest + i);
                for (int y = 0; y < windows.Height; y++)
                {
                    for (int x = 0; x < windows.Width; x++)
                    {
                        float* at = target + (y * toPitch) + (x * windows.Lanes) + i;
                        TVector taken = TLanes.WhereEqual(TLanes.Load(corner + (y * pitch) + (x * windows.Lanes) + i), sought, left);
                        TLanes.Store(TLanes.Add(TLanes.Load(at), taken), at);
                        left = TLanes.Subtract(left, taken);
                    }
                }
            }

            for (; i < windows.Lanes; i++)
            {
                for (int pixel = 0; pixel < windows.Pixels; pixel++)
                {
                    if (corner[windows.Offset(pixel, pitch) + i] == largest[i])
                    {
                        target[windows.Offset(pixel, toPitch) + i] += given[i];
                        break;
                    }
                }
            }
        }
    }
}
