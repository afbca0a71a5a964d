using System.Runtime.InteropServices;
using Federated.Aggregation.Kernels;
using Federated.Aggregation.Robust.Coordinates;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// A coordinate rule behind pre-aggregations. Unlike a Gram rule it needs the mixed vectors themselves; they are formed block by block,
/// so they never leave the cache and take no memory of their own.
/// </summary>
internal static unsafe class MixedReduction
{
    private const int Block = 4096;

    /// <summary>Reduces <c>Σ_i row_ki · vector_i</c> over k.</summary>
    /// <param name="rows">Coefficients of the mixed vectors.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="vectors">Equally long finite vectors.</param>
    /// <param name="destination">As long as each vector; none of them.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    public static void Run(double[][] rows, CoordinateRule rule, IReadOnlyList<ReadOnlyMemory<float>> vectors, Span<float> destination, int degree)
    {
        CoordinatePlan plan = rule.PlanFor(rows.Length);
        Exchange[] exchanges = plan.Exchanges();
        using var pins = new PinnedVectors(vectors);
        (nint[] Sources, double[] Factors)[] sums =
        [
            .. rows.Select(row =>
            {
                int[] used = [.. Enumerable.Range(0, row.Length).Where(i => row[i] != 0)];
                return (used.Select(i => pins.Addresses[i]).ToArray(), used.Select(i => row[i]).ToArray());
            }),
        ];
        fixed (float* start = destination)
        {
            float* target = start;
            ParallelRanges.Run(
                destination.Length, degree == 0 ? Environment.ProcessorCount : degree, (from, to) => Reduce(sums, plan, exchanges, target, from, to));
        }
    }

    private static void Reduce((nint[] Sources, double[] Factors)[] sums, CoordinatePlan plan, Exchange[] exchanges, float* destination, int from, int to)
    {
        var mixed = (float*)NativeMemory.AlignedAlloc((nuint)sums.Length * Block * sizeof(float), 64);
        try
        {
            nint[] rows = [.. Enumerable.Range(0, sums.Length).Select(k => (nint)(mixed + (k * Block)))];
            for (int start = from; start < to; start += Block)
            {
                int length = Math.Min(Block, to - start);
                for (int k = 0; k < sums.Length; k++)
                {
                    if (sums[k].Sources.Length == 0)
                    {
                        new Span<float>((float*)rows[k], length).Clear();
                        continue;
                    }

                    WeightedSumKernel.Run(sums[k].Sources, sums[k].Factors, (float*)rows[k] - start, start, start + length);
                }

                CoordinateKernel.Run(plan, exchanges, rows, destination + start, 0, length);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(mixed);
        }
    }
}
