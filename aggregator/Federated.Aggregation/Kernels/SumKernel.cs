using System.Numerics;

namespace Federated.Aggregation.Kernels;

/// <summary>
/// <c>sum ← sum + Σ factor_k · source_k</c> with float64 sums. The sums are the larger part of the traffic, so four sources
/// share one pass over them, and a batch stays inside a block of the first-level cache.
/// </summary>
internal static unsafe class SumKernel
{
    private const int Block = 2048;

    /// <summary>Adds float32 sources.</summary>
    public static void Add(double* sum, ReadOnlySpan<nint> sources, ReadOnlySpan<double> factors, int from, int to)
    {
        for (int start = from; start < to; start += Block)
        {
            int length = Math.Min(Block, to - start);
            int k = 0;
            for (; k + 4 <= sources.Length; k += 4)
            {
                Add4(
                    sum + start,
                    (float*)sources[k] + start,
                    (float*)sources[k + 1] + start,
                    (float*)sources[k + 2] + start,
                    (float*)sources[k + 3] + start,
                    factors.Slice(k, 4),
                    length);
            }

            for (; k < sources.Length; k++)
            {
                Add1(sum + start, (float*)sources[k] + start, factors[k], length);
            }
        }
    }

    /// <summary>Adds a float64 source.</summary>
    public static void Add(double* sum, double* source, double factor, int from, int to)
    {
        int i = from;
        var scale = new Vector<double>(factor);
        for (; i <= to - Vector<double>.Count; i += Vector<double>.Count)
        {
            Vector.Store(Vector.MultiplyAddEstimate(Vector.Load(source + i), scale, Vector.Load(sum + i)), sum + i);
        }

        for (; i < to; i++)
        {
            sum[i] += factor * source[i];
        }
    }

    private static void Add1(double* sum, float* source, double factor, int length)
    {
        int i = 0;
        int half = Vector<double>.Count;
        var scale = new Vector<double>(factor);
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(source + i), out Vector<double> low, out Vector<double> high);
            Vector.Store(Vector.MultiplyAddEstimate(low, scale, Vector.Load(sum + i)), sum + i);
            Vector.Store(Vector.MultiplyAddEstimate(high, scale, Vector.Load(sum + i + half)), sum + i + half);
        }

        for (; i < length; i++)
        {
            sum[i] += factor * source[i];
        }
    }

    private static void Add4(double* sum, float* a, float* b, float* c, float* d, ReadOnlySpan<double> factors, int length)
    {
        int i = 0;
        int half = Vector<double>.Count;
        var fa = new Vector<double>(factors[0]);
        var fb = new Vector<double>(factors[1]);
        var fc = new Vector<double>(factors[2]);
        var fd = new Vector<double>(factors[3]);
        for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(a + i), out Vector<double> low, out Vector<double> high);
            Vector<double> lowSum = Vector.MultiplyAddEstimate(low, fa, Vector.Load(sum + i));
            Vector<double> highSum = Vector.MultiplyAddEstimate(high, fa, Vector.Load(sum + i + half));
            Vector.Widen(Vector.Load(b + i), out low, out high);
            lowSum = Vector.MultiplyAddEstimate(low, fb, lowSum);
            highSum = Vector.MultiplyAddEstimate(high, fb, highSum);
            Vector.Widen(Vector.Load(c + i), out low, out high);
            lowSum = Vector.MultiplyAddEstimate(low, fc, lowSum);
            highSum = Vector.MultiplyAddEstimate(high, fc, highSum);
            Vector.Widen(Vector.Load(d + i), out low, out high);
            Vector.Store(Vector.MultiplyAddEstimate(low, fd, lowSum), sum + i);
            Vector.Store(Vector.MultiplyAddEstimate(high, fd, highSum), sum + i + half);
        }

        for (; i < length; i++)
        {
            sum[i] += (factors[0] * a[i]) + (factors[1] * b[i]) + (factors[2] * c[i]) + (factors[3] * d[i]);
        }
    }
}
