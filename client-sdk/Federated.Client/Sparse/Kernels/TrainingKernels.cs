using System.Runtime.Intrinsics;

namespace Federated.Client.Sparse.Kernels;

/// <summary>The kernels of training at the widest vectors that the processor has.</summary>
internal static unsafe class TrainingKernels
{
    /// <inheritdoc cref="DotKernel{TLanes, TVector}.Add" />
    public static void AddDots(RowBlock image, float* source, int sourcePitch, int* offsets, int count, float* sums)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            DotKernel<Lanes512, Vector512<float>>.Add(image, source, sourcePitch, offsets, count, sums);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            DotKernel<Lanes256, Vector256<float>>.Add(image, source, sourcePitch, offsets, count, sums);
        }
        else
        {
            DotKernel<Lanes128, Vector128<float>>.Add(image, source, sourcePitch, offsets, count, sums);
        }
    }

    /// <inheritdoc cref="MomentKernel{TLanes, TVector}.Sum" />
    public static double Sum(RowBlock x) =>
        Vector512.IsHardwareAccelerated ? MomentKernel<Lanes512, Vector512<float>>.Sum(x)
        : Vector256.IsHardwareAccelerated ? MomentKernel<Lanes256, Vector256<float>>.Sum(x)
        : MomentKernel<Lanes128, Vector128<float>>.Sum(x);

    /// <inheritdoc cref="MomentKernel{TLanes, TVector}.SquaresAround" />
    public static double SquaresAround(RowBlock x, float mean) =>
        Vector512.IsHardwareAccelerated ? MomentKernel<Lanes512, Vector512<float>>.SquaresAround(x, mean)
        : Vector256.IsHardwareAccelerated ? MomentKernel<Lanes256, Vector256<float>>.SquaresAround(x, mean)
        : MomentKernel<Lanes128, Vector128<float>>.SquaresAround(x, mean);

    /// <inheritdoc cref="MomentKernel{TLanes, TVector}.Project" />
    public static (double Sum, double Projected) Project(RowBlock g, RowBlock x, float mean) =>
        Vector512.IsHardwareAccelerated ? MomentKernel<Lanes512, Vector512<float>>.Project(g, x, mean)
        : Vector256.IsHardwareAccelerated ? MomentKernel<Lanes256, Vector256<float>>.Project(g, x, mean)
        : MomentKernel<Lanes128, Vector128<float>>.Project(g, x, mean);

    /// <inheritdoc cref="MomentKernel{TLanes, TVector}.Combine" />
    public static void Combine(RowBlock g, RowBlock x, float mean, float a, float b, float c, bool accumulates, float* destination, int pitch)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            MomentKernel<Lanes512, Vector512<float>>.Combine(g, x, mean, a, b, c, accumulates, destination, pitch);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            MomentKernel<Lanes256, Vector256<float>>.Combine(g, x, mean, a, b, c, accumulates, destination, pitch);
        }
        else
        {
            MomentKernel<Lanes128, Vector128<float>>.Combine(g, x, mean, a, b, c, accumulates, destination, pitch);
        }
    }

    /// <inheritdoc cref="MomentKernel{TLanes, TVector}.Gate" />
    public static void Gate(RowBlock g, RowBlock output)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            MomentKernel<Lanes512, Vector512<float>>.Gate(g, output);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            MomentKernel<Lanes256, Vector256<float>>.Gate(g, output);
        }
        else
        {
            MomentKernel<Lanes128, Vector128<float>>.Gate(g, output);
        }
    }

    /// <inheritdoc cref="PoolKernel{TLanes, TVector}.Route" />
    public static void Route(PoolWindows windows, float* input, int pitch, float* output, float* gradient, float* to, int toPitch)
    {
        if (Vector512.IsHardwareAccelerated && windows.Lanes >= Lanes512.Count)
        {
            PoolKernel<Lanes512, Vector512<float>>.Route(windows, input, pitch, output, gradient, to, toPitch);
        }
        else if (Vector256.IsHardwareAccelerated && windows.Lanes >= Lanes256.Count)
        {
            PoolKernel<Lanes256, Vector256<float>>.Route(windows, input, pitch, output, gradient, to, toPitch);
        }
        else
        {
            PoolKernel<Lanes128, Vector128<float>>.Route(windows, input, pitch, output, gradient, to, toPitch);
        }
    }
}
