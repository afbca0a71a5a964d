using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Kernels;

/// <summary>The kernels at the widest vectors that the processor has: AVX-512, AVX2, or 128 bits, which is scalar code where there are none.</summary>
internal static unsafe class SparseKernels
{
    /// <summary>The results of one row of the matrix for some groups: 64 floats a group, one after another.</summary>
    public static void Gather(SparseRow row, GatherGeometry geometry, int firstGroup, int endGroup, float* source, float* destination)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Gather<Lanes512, Vector512<float>>(row, geometry, firstGroup, endGroup, source, destination);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Gather<Lanes256, Vector256<float>>(row, geometry, firstGroup, endGroup, source, destination);
        }
        else
        {
            Gather<Lanes128, Vector128<float>>(row, geometry, firstGroup, endGroup, source, destination);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Finish" />
    public static void Finish(float* x, int length, float centre, float scale, float shift, float* residual, float floor, float* destination)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            RowKernel<Lanes512, Vector512<float>>.Finish(x, length, centre, scale, shift, residual, floor, destination);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            RowKernel<Lanes256, Vector256<float>>.Finish(x, length, centre, scale, shift, residual, floor, destination);
        }
        else
        {
            RowKernel<Lanes128, Vector128<float>>.Finish(x, length, centre, scale, shift, residual, floor, destination);
        }
    }

    /// <inheritdoc cref="PoolKernel{TLanes, TVector}.Max" />
    public static void Max(PoolWindows windows, float* input, int pitch, float* output)
    {
        if (Vector512.IsHardwareAccelerated && windows.Lanes >= Lanes512.Count)
        {
            PoolKernel<Lanes512, Vector512<float>>.Max(windows, input, pitch, output);
        }
        else if (Vector256.IsHardwareAccelerated && windows.Lanes >= Lanes256.Count)
        {
            PoolKernel<Lanes256, Vector256<float>>.Max(windows, input, pitch, output);
        }
        else
        {
            PoolKernel<Lanes128, Vector128<float>>.Max(windows, input, pitch, output);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.AddScaled" />
    public static void AddScaled(float* x, int length, float factor, float* destination)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            RowKernel<Lanes256, Vector256<float>>.AddScaled(x, length, factor, destination);
        }
        else
        {
            RowKernel<Lanes128, Vector128<float>>.AddScaled(x, length, factor, destination);
        }
    }

    /// <summary>As <see cref="Gather(SparseRow, GatherGeometry, int, int, float*, float*)"/>, at one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather<TLanes, TVector>(SparseRow row, GatherGeometry geometry, int firstGroup, int endGroup, float* source, float* destination)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        fixed (int* sources = geometry.Sources)
        {
            int whole = geometry.LastGroupFloats == GatherGeometry.GroupFloats ? geometry.Sources.Length : geometry.Sources.Length - 1;
            int group = firstGroup, end = Math.Min(endGroup, whole);
            for (; group + 4 <= end; group += 4)
            {
                GatherKernel<TLanes, TVector>.Quad(
                    row,
                    source + sources[group],
                    source + sources[group + 1],
                    source + sources[group + 2],
                    source + sources[group + 3],
                    destination);
                destination += 4 * GatherGeometry.GroupFloats;
            }

            for (; group < end; group++)
            {
                GatherKernel<TLanes, TVector>.Single(row, source + sources[group], destination);
                destination += GatherGeometry.GroupFloats;
            }

            if (group < endGroup)
            {
                for (int i = 0; i < geometry.LastGroupFloats; i += TLanes.Count)
                {
                    GatherKernel<TLanes, TVector>.Sliver(row, source + sources[group] + i, destination + i);
                }
            }
        }
    }
}
