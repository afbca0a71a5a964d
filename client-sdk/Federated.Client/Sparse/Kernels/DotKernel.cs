using System.Runtime.CompilerServices;

namespace Federated.Client.Sparse.Kernels;

/// <summary>
/// Inner products of one image with shifted others, the gradient of single weights: sums[k] += Σ_y Σ_i image[y][i] · source[offsets[k]][y][i]. Four shifts at a time share the loads of the image.
/// </summary>
internal static unsafe class DotKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(RowBlock image, float* source, int sourcePitch, int* offsets, int count, float* sums)
    {
        int k = 0;
        for (; k + 4 <= count; k += 4)
        {
            Four(image, source + offsets[k], source + offsets[k + 1], source + offsets[k + 2], source + offsets[k + 3], sourcePitch, sums + k);
        }

        for (; k < count; k++)
        {
            One(image, source + offsets[k], sourcePitch, sums + k);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(RowBlock image, float* s0, float* s1, float* s2, float* s3, int pitch, float* sums)
    {
        int n = TLanes.Count;
        TVector a0 = TLanes.Fill(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        float r0 = 0, r1 = 0, r2 = 0, r3 = 0;
        for (int y = 0; y < image.Rows; y++)
        {
            float* p = image.Start + ((nint)y * image.Pitch);
            int i = 0;
            for (; i + (2 * n) <= image.Length; i += 2 * n)
            {
                TVector v = TLanes.Load(p + i);
                a0 = TLanes.MultiplyAdd(v, TLanes.Load(s0 + i), a0);
                a1 = TLanes.MultiplyAdd(v, TLanes.Load(s1 + i), a1);
                a2 = TLanes.MultiplyAdd(v, TLanes.Load(s2 + i), a2);
                a3 = TLanes.MultiplyAdd(v, TLanes.Load(s3 + i), a3);
                v = TLanes.Load(p + i + n);
                b0 = TLanes.MultiplyAdd(v, TLanes.Load(s0 + i + n), b0);
                b1 = TLanes.MultiplyAdd(v, TLanes.Load(s1 + i + n), b1);
                b2 = TLanes.MultiplyAdd(v, TLanes.Load(s2 + i + n), b2);
                b3 = TLanes.MultiplyAdd(v, TLanes.Load(s3 + i + n), b3);
            }

            for (; i + n <= image.Length; i += n)
            {
                TVector v = TLanes.Load(p + i);
                a0 = TLanes.MultiplyAdd(v, TLanes.Load(s0 + i), a0);
                a1 = TLanes.MultiplyAdd(v, TLanes.Load(s1 + i), a1);
                a2 = TLanes.MultiplyAdd(v, TLanes.Load(s2 + i), a2);
                a3 = TLanes.MultiplyAdd(v, TLanes.Load(s3 + i), a3);
            }

            for (; i < image.Length; i++)
            {
                r0 += p[i] * s0[i];
                r1 += p[i] * s1[i];
                r2 += p[i] * s2[i];
                r3 += p[i] * s3[i];
            }

            s0 += pitch;
            s1 += pitch;
            s2 += pitch;
            s3 += pitch;
        }

        sums[0] += TLanes.Sum(TLanes.Add(a0, b0)) + r0;
        sums[1] += TLanes.Sum(TLanes.Add(a1, b1)) + r1;
        sums[2] += TLanes.Sum(TLanes.Add(a2, b2)) + r2;
        sums[3] += TLanes.Sum(TLanes.Add(a3, b3)) + r3;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(RowBlock image, float* source, int pitch, float* sum)
    {
        int n = TLanes.Count;
        TVector a = TLanes.Fill(0), b = a;
        float rest = 0;
        for (int y = 0; y < image.Rows; y++)
        {
            float* p = image.Start + ((nint)y * image.Pitch), s = source + ((nint)y * pitch);
            int i = 0;
            for (; i + (2 * n) <= image.Length; i += 2 * n)
            {
                a = TLanes.MultiplyAdd(TLanes.Load(p + i), TLanes.Load(s + i), a);
                b = TLanes.MultiplyAdd(TLanes.Load(p + i + n), TLanes.Load(s + i + n), b);
            }

            for (; i < image.Length; i++)
            {
                rest += p[i] * s[i];
            }
        }

        *sum += TLanes.Sum(TLanes.Add(a, b)) + rest;
    }
}
