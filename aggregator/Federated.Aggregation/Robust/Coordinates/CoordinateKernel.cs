using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// Runs a plan on a range of coordinates: 64 coordinates of every update are copied into rows that stay in the first-level cache, the network sorts all 64
/// at once, and the finish reads the rows.
/// </summary>
internal static unsafe class CoordinateKernel
{
    /// <summary>Coordinates that one run of the network sorts.</summary>
    public const int Width = 64;

    private const int Lanes = 16;

    /// <summary>Reduces coordinates <paramref name="from"/> to before <paramref name="to"/>.</summary>
    /// <returns>False when a value was not finite: the results then mean nothing.</returns>
    public static bool Run(CoordinatePlan plan, Exchange[] exchanges, nint[] sources, float* destination, int from, int to)
    {
        var rows = (float*)NativeMemory.AlignedAlloc((nuint)(sizeof(float) * Width * (plan.Rows + 1)), 64);
        try
        {
            float* result = rows + (Width * plan.Rows);
            Vector512<float> check = Vector512<float>.Zero;
            int i = from;
            for (; i <= to - Width; i += Width)
            {
                check += Load(rows, sources, i);
                Apply(rows, exchanges);
                Finish(rows, plan, destination + i);
            }

            if (i < to)
            {
                check += LoadRest(rows, sources, i, to - i);
                Apply(rows, exchanges);
                Finish(rows, plan, result);
                new ReadOnlySpan<float>(result, to - i).CopyTo(new Span<float>(destination + i, to - i));
            }

            return check == Vector512<float>.Zero;
        }
        finally
        {
            NativeMemory.AlignedFree(rows);
        }
    }

    // Zero times a value is zero unless the value is not finite, so the sum of such products tells whether all are.
    private static Vector512<float> Load(float* rows, nint[] sources, int at)
    {
        Vector512<float> check = Vector512<float>.Zero;
        foreach (nint address in sources)
        {
            float* source = (float*)address + at;
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(source + Width);
                Sse.Prefetch0(source + Width + 16);
                Sse.Prefetch0(source + Width + 32);
                Sse.Prefetch0(source + Width + 48);
            }

            for (int lane = 0; lane < Width; lane += Lanes)
            {
                Vector512<float> values = Vector512.Load(source + lane);
                values.Store(rows + lane);
                check = Vector512.MultiplyAddEstimate(values, Vector512<float>.Zero, check);
            }

            rows += Width;
        }

        return check;
    }

    private static Vector512<float> LoadRest(float* rows, nint[] sources, int at, int count)
    {
        Vector512<float> check = Vector512<float>.Zero;
        foreach (nint address in sources)
        {
            new Span<float>(rows, Width).Clear();
            new ReadOnlySpan<float>((float*)address + at, count).CopyTo(new Span<float>(rows, Width));
            for (int lane = 0; lane < Width; lane += Lanes)
            {
                check = Vector512.MultiplyAddEstimate(Vector512.Load(rows + lane), Vector512<float>.Zero, check);
            }

            rows += Width;
        }

        return check;
    }

    private static void Apply(float* rows, Exchange[] exchanges)
    {
        foreach (Exchange exchange in exchanges)
        {
            float* low = rows + (exchange.Low * Width);
            float* high = rows + (exchange.High * Width);
            Vector512<float> low0 = Vector512.Load(low), low1 = Vector512.Load(low + 16), low2 = Vector512.Load(low + 32), low3 = Vector512.Load(low + 48);
            Vector512<float> high0 = Vector512.Load(high), high1 = Vector512.Load(high + 16), high2 = Vector512.Load(high + 32), high3 = Vector512.Load(high + 48);
            if (exchange.Keeps != ExchangeKeeps.HighOnly)
            {
                Vector512.MinNative(low0, high0).Store(low);
                Vector512.MinNative(low1, high1).Store(low + 16);
                Vector512.MinNative(low2, high2).Store(low + 32);
                Vector512.MinNative(low3, high3).Store(low + 48);
            }

            if (exchange.Keeps != ExchangeKeeps.LowOnly)
            {
                Vector512.MaxNative(low0, high0).Store(high);
                Vector512.MaxNative(low1, high1).Store(high + 16);
                Vector512.MaxNative(low2, high2).Store(high + 32);
                Vector512.MaxNative(low3, high3).Store(high + 48);
            }
        }
    }

    private static void Finish(float* rows, CoordinatePlan plan, float* destination)
    {
        for (int lane = 0; lane < Width; lane += Lanes)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int row = plan.First; row < plan.End; row++)
            {
                Vector512<float> values = Vector512.Load(rows + (row * Width) + lane);
                sum += plan.IsVote ? Sign(values) : values;
            }

            if (plan.IsVote)
            {
                Sign(sum).Store(destination + lane);
                continue;
            }

            Vector512<float> centre = sum / Vector512.Create((float)(plan.End - plan.First));
            Vector512<float> result = plan.Nearest == 0 ? centre : NearestMean(rows + lane, plan, centre);
            result.Store(destination + lane);
        }
    }

    private static Vector512<float> Sign(Vector512<float> values) =>
        (Vector512.GreaterThan(values, Vector512<float>.Zero) & Vector512<float>.One)
        - (Vector512.LessThan(values, Vector512<float>.Zero) & Vector512<float>.One);

    // In sorted order the nearest values are neighbours. Their window moves up while the value above it is nearer than its lowest.
    private static Vector512<float> NearestMean(float* rows, CoordinatePlan plan, Vector512<float> centre)
    {
        Vector512<float> first = Vector512<float>.Zero;
        for (int row = 0; row + plan.Nearest < plan.Rows; row++)
        {
            Vector512<float> below = centre - Vector512.Load(rows + (row * Width));
            Vector512<float> above = Vector512.Load(rows + ((row + plan.Nearest) * Width)) - centre;
            first += Vector512.LessThan(above, below) & Vector512<float>.One;
        }

        Vector512<float> end = first + Vector512.Create((float)plan.Nearest);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int row = 0; row < plan.Rows; row++)
        {
            var index = Vector512.Create((float)row);
            sum += Vector512.Load(rows + (row * Width)) & Vector512.GreaterThanOrEqual(index, first) & Vector512.LessThan(index, end);
        }

        return sum / Vector512.Create((float)plan.Nearest);
    }
}
