using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Federated.Numerics.Compression;

/// <summary>
/// Sums in float64 whose order does not depend on the machine: eight lanes, element i in lane i mod 8, the lanes added at the end. Every machine gets the
/// same bits, because products of float32 are exact in float64 and nothing is contracted.
/// </summary>
internal static class FixedLaneSums
{
    /// <summary>Σ|x|.</summary>
    public static double Magnitudes(ReadOnlySpan<float> x)
    {
        ref float source = ref MemoryMarshal.GetReference(x);
        Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
        int i = 0;
        for (; i <= x.Length - 8; i += 8)
        {
            (Vector256<double> xLow, Vector256<double> xHigh) = Vector256.Widen(Vector256.Abs(Vector256.LoadUnsafe(ref source, (nuint)i)));
            low += xLow;
            high += xHigh;
        }

        Span<double> lanes = stackalloc double[8];
        Store(low, high, lanes);
        for (; i < x.Length; i++)
        {
            lanes[i & 7] += Math.Abs((double)x[i]);
        }

        return Total(lanes);
    }

    /// <summary>Σ x·y over equal lengths.</summary>
    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        ref float left = ref MemoryMarshal.GetReference(x);
        ref float right = ref MemoryMarshal.GetReference(y);
        Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
        int i = 0;
        for (; i <= x.Length - 8; i += 8)
        {
            (Vector256<double> xLow, Vector256<double> xHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref left, (nuint)i));
            (Vector256<double> yLow, Vector256<double> yHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref right, (nuint)i));
            low += xLow * yLow;
            high += xHigh * yHigh;
        }

        Span<double> lanes = stackalloc double[8];
        Store(low, high, lanes);
        for (; i < x.Length; i++)
        {
            lanes[i & 7] += (double)x[i] * y[i];
        }

        return Total(lanes);
    }

    /// <summary>Σ (x − y)² over equal lengths.</summary>
    public static double SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        ref float left = ref MemoryMarshal.GetReference(x);
        ref float right = ref MemoryMarshal.GetReference(y);
        Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
        int i = 0;
        for (; i <= x.Length - 8; i += 8)
        {
            (Vector256<double> xLow, Vector256<double> xHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref left, (nuint)i));
            (Vector256<double> yLow, Vector256<double> yHigh) = Vector256.Widen(Vector256.LoadUnsafe(ref right, (nuint)i));
            Vector256<double> lowDifference = xLow - yLow;
            Vector256<double> highDifference = xHigh - yHigh;
            low += lowDifference * lowDifference;
            high += highDifference * highDifference;
        }

        Span<double> lanes = stackalloc double[8];
        Store(low, high, lanes);
        for (; i < x.Length; i++)
        {
            double difference = (double)x[i] - y[i];
            lanes[i & 7] += difference * difference;
        }

        return Total(lanes);
    }

    /// <summary>The largest |x|; for finite vectors.</summary>
    public static float LargestMagnitude(ReadOnlySpan<float> x)
    {
        // The bits of magnitudes are in the order of the magnitudes.
        ref int source = ref System.Runtime.CompilerServices.Unsafe.As<float, int>(ref MemoryMarshal.GetReference(x));
        var mask = Vector256.Create(int.MaxValue);
        Vector256<int> a = Vector256<int>.Zero, b = Vector256<int>.Zero;
        int i = 0;
        for (; i <= x.Length - 16; i += 16)
        {
            a = Vector256.Max(a, Vector256.LoadUnsafe(ref source, (nuint)i) & mask);
            b = Vector256.Max(b, Vector256.LoadUnsafe(ref source, (nuint)i + 8) & mask);
        }

        int largest = Largest(Vector256.Max(a, b));
        for (; i < x.Length; i++)
        {
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
        }

        return BitConverter.Int32BitsToSingle(largest);
    }

    /// <summary>The largest element.</summary>
    public static int Largest(Vector256<int> a)
    {
        Vector128<int> half = Vector128.Max(a.GetLower(), a.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2)));
        return half.ToScalar();
    }

    private static void Store(Vector256<double> low, Vector256<double> high, Span<double> lanes)
    {
        low.CopyTo(lanes);
        high.CopyTo(lanes[4..]);
    }

    private static double Total(ReadOnlySpan<double> lanes)
    {
        double total = 0;
        foreach (double lane in lanes)
        {
            total += lane;
        }

        return total;
    }
}
