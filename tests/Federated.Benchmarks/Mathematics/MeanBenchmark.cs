using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Kernels;
using Federated.Aggregation.Linear;
using Federated.Benchmarks.Framework;

namespace Federated.Benchmarks.Mathematics;

/// <summary>The weighted mean of a cohort's updates against the read bandwidth of all cores.</summary>
internal sealed class MeanBenchmark : IBenchmark
{
    private const int Updates = 16;
    private const int Length = 11_700_000;
    private const double GigabytesRead = Updates * (double)Length * sizeof(float) / 1e9;

    public string Name => "mean";

    public string Summary => "weighted mean of 16 updates of 11.7 M float32 against summing the same arrays with all cores";

    public Task RunAsync(BenchmarkContext context)
    {
        float[][] updates = [.. Enumerable.Range(0, Updates).Select(k => NewUpdate(k + 0.5f))];
        ReadOnlyMemory<float>[] memories = [.. updates.Select(update => (ReadOnlyMemory<float>)update)];
        double[] weights = [.. Enumerable.Range(1, Updates).Select(k => (double)k)];
        float[] mean = new float[Length];
        var streaming = new UpdateAccumulator([new SectionShape(ElementType.Float32, Length, Denominator.Weight)]);

        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => ReadAll(updates),
            () => WeightedMean.Compute(memories, weights, mean),
            () => Stream(streaming, updates, weights));

        context.Tell("mean.readBandwidth", GigabytesRead / best[0], "GB/s");
        context.Tell("mean.batchMilliseconds", best[1] * 1e3, "ms");
        context.AtLeast("mean.readBandwidthRatio", best[0] / best[1], 0.7);
        context.Tell("mean.streamingMillisecondsPerUpdate", best[2] / Updates * 1e3, "ms");
        context.Tell("mean.streamingPayload", GigabytesRead / best[2], "GB/s");
        context.Tell("mean.streamingRatio", best[0] / best[2], "ratio");
        return Task.CompletedTask;
    }

    private static float[] NewUpdate(float value)
    {
        float[] update = GC.AllocateUninitializedArray<float>(Length);
        update.AsSpan().Fill(value);
        return update;
    }

    private static void ReadAll(float[][] updates)
    {
        foreach (float[] update in updates)
        {
            ParallelRanges.Run(Length, Environment.ProcessorCount, (from, to) =>
            {
                if (float.IsNaN(TensorPrimitives.Sum<float>(update.AsSpan(from, to - from))))
                {
                    throw new InvalidOperationException("The sum is not a number.");
                }
            });
        }
    }

    private static void Stream(UpdateAccumulator accumulator, float[][] updates, double[] weights)
    {
        for (int k = 0; k < updates.Length; k++)
        {
            accumulator.Accumulate(MemoryMarshal.AsBytes(updates[k].AsSpan()), weights[k]);
        }
    }
}
