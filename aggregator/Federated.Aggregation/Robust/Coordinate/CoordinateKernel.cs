using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Sorts blocks of 64 coordinates over all updates in the first-level cache and hands them to a rule.</summary>
internal static unsafe class CoordinateKernel
{
    /// <summary>Coordinates of a block: four cache lines of each update.</summary>
    public const int Width = 64;

    private const int FloatsPerLine = 16;

    public static void Run(ICoordinateRule rule, nint[] sources, (int Low, int High)[] network, float* destination, int from, int to)
    {
        var rows = (float*)NativeMemory.AlignedAlloc((nuint)(sources.Length + 1) * Width * sizeof(float), FloatsPerLine * sizeof(float));
        try
        {
            float* result = rows + (sources.Length * Width);
            for (int start = from; start < to; start += Width)
            {
                int length = Math.Min(Width, to - start);
                Copy(sources, rows, start, length);
                Sort(rows, network);
                rule.Reduce(new ReadOnlySpan<float>(rows, sources.Length * Width), sources.Length, new Span<float>(result, Width));
                new ReadOnlySpan<float>(result, length).CopyTo(new Span<float>(destination + start, length));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }
    }

    private static void Copy(nint[] sources, float* rows, int start, int length)
    {
        for (int k = 0; k < sources.Length; k++)
        {
            float* source = (float*)sources[k] + start;
            var row = new Span<float>(rows + (k * Width), Width);
            if (Sse.IsSupported)
            {
                for (int i = 0; i < Width; i += FloatsPerLine)
                {
                    Sse.Prefetch1(source + (4 * Width) + i);
                }
            }

            if (length < Width)
            {
                row.Clear();
            }

            new ReadOnlySpan<float>(source, length).CopyTo(row);
        }
    }

    private static void Sort(float* rows, (int Low, int High)[] network)
    {
        foreach ((int low, int high) in network)
        {
            float* a = rows + (low * Width);
            float* b = rows + (high * Width);
            if (Vector512.IsHardwareAccelerated)
            {
                for (int i = 0; i < Width; i += Vector512<float>.Count)
                {
                    Vector512<float> x = Vector512.LoadAligned(a + i), y = Vector512.LoadAligned(b + i);
                    Vector512.MinNative(x, y).StoreAligned(a + i);
                    Vector512.MaxNative(x, y).StoreAligned(b + i);
                }

                continue;
            }

            for (int i = 0; i < Width; i += Vector<float>.Count)
            {
                Vector<float> x = Vector.Load(a + i), y = Vector.Load(b + i);
                Vector.Store(Vector.MinNative(x, y), a + i);
                Vector.Store(Vector.MaxNative(x, y), b + i);
            }
        }
    }
}
