using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Aggregation.Kernels;

/// <summary>
/// <c>destination ← Σ factor_k · source_k</c> over float32 vectors with float64 sums. The sums of 4 vector registers stay in
/// registers over up to 16 sources; more sources take several passes over a block of sums in the first-level cache.
/// </summary>
/// <remarks>
/// Without the prefetches the kernel waits for memory at the start of each page of each source (0.85 instead of 0.99 of the
/// read bandwidth). More than 16 sources at once would push each other out of the cache's sets.
/// </remarks>
internal static unsafe class WeightedSumKernel
{
    private const int Block = 2048;
    private const int SourcesPerPass = 16;
    private const int PrefetchFloats = 256;
    private const int FloatsPerLine = 16;

    public static void Run(ReadOnlySpan<nint> sources, ReadOnlySpan<double> factors, float* destination, int from, int to)
    {
        double* sums = stackalloc double[Block];
        for (int start = from; start < to; start += Block)
        {
            int length = Math.Min(Block, to - start);
            for (int k = 0; k < sources.Length; k += SourcesPerPass)
            {
                int count = Math.Min(SourcesPerPass, sources.Length - k);
                bool isLast = k + count == sources.Length;
                Pass(sources.Slice(k, count), factors.Slice(k, count), sums, isLast ? destination + start : null, start, length, k == 0);
            }
        }
    }

    private static void Pass(ReadOnlySpan<nint> sources, ReadOnlySpan<double> factors, double* sums, float* destination, int start, int length, bool isFirst)
    {
        int width = Vector<float>.Count;
        int half = Vector<double>.Count;
        int i = 0;
        for (; i <= length - (4 * width); i += 4 * width)
        {
            Vector<double> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            double* sum = sums + i;
            if (!isFirst)
            {
                s0 = Vector.Load(sum);
                s1 = Vector.Load(sum + half);
                s2 = Vector.Load(sum + (2 * half));
                s3 = Vector.Load(sum + (3 * half));
                s4 = Vector.Load(sum + (4 * half));
                s5 = Vector.Load(sum + (5 * half));
                s6 = Vector.Load(sum + (6 * half));
                s7 = Vector.Load(sum + (7 * half));
            }

            for (int k = 0; k < sources.Length; k++)
            {
                float* source = (float*)sources[k] + start + i;
                var factor = new Vector<double>(factors[k]);
                Prefetch(source + PrefetchFloats, 4 * width);
                Vector.Widen(Vector.Load(source), out Vector<double> low, out Vector<double> high);
                s0 = Vector.MultiplyAddEstimate(low, factor, s0);
                s1 = Vector.MultiplyAddEstimate(high, factor, s1);
                Vector.Widen(Vector.Load(source + width), out low, out high);
                s2 = Vector.MultiplyAddEstimate(low, factor, s2);
                s3 = Vector.MultiplyAddEstimate(high, factor, s3);
                Vector.Widen(Vector.Load(source + (2 * width)), out low, out high);
                s4 = Vector.MultiplyAddEstimate(low, factor, s4);
                s5 = Vector.MultiplyAddEstimate(high, factor, s5);
                Vector.Widen(Vector.Load(source + (3 * width)), out low, out high);
                s6 = Vector.MultiplyAddEstimate(low, factor, s6);
                s7 = Vector.MultiplyAddEstimate(high, factor, s7);
            }

            if (destination is not null)
            {
                float* target = destination + i;
                Vector.Store(Vector.Narrow(s0, s1), target);
                Vector.Store(Vector.Narrow(s2, s3), target + width);
                Vector.Store(Vector.Narrow(s4, s5), target + (2 * width));
                Vector.Store(Vector.Narrow(s6, s7), target + (3 * width));
                continue;
            }

            Vector.Store(s0, sum);
            Vector.Store(s1, sum + half);
            Vector.Store(s2, sum + (2 * half));
            Vector.Store(s3, sum + (3 * half));
            Vector.Store(s4, sum + (4 * half));
            Vector.Store(s5, sum + (5 * half));
            Vector.Store(s6, sum + (6 * half));
            Vector.Store(s7, sum + (7 * half));
        }

        for (; i < length; i++)
        {
            double sum = isFirst ? 0 : sums[i];
            for (int k = 0; k < sources.Length; k++)
            {
                sum += factors[k] * ((float*)sources[k])[start + i];
            }

            sums[i] = sum;
            if (destination is not null)
            {
                destination[i] = (float)sum;
            }
        }
    }

    private static void Prefetch(float* address, int floats)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < floats; i += FloatsPerLine)
            {
                Sse.Prefetch0(address + i);
            }
        }
    }
}
