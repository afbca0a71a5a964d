using System.Numerics.Tensors;
using Federated.Aggregation.Accumulators;
using Federated.Benchmarks.Framework;
using Federated.Storage.Slots;

namespace Federated.Benchmarks.Tier;

/// <summary>Bytes in slots to the partial, in batches as a leaf takes them, against reading the same slots with every core.</summary>
internal static class ThroughputPart
{
    private const int Slots = 8;
    private const int Elements = 11_700_000;

    public static void Run(BenchmarkContext context)
    {
        int bytes = Elements * sizeof(float);
        using SlotPool pool = SlotPool.Open(new SlotPoolOptions
        {
            SlotCount = Slots,
            SlotBytes = bytes,
            Name = $"federated-bench-{Environment.ProcessId}",
            DeleteOnDispose = true,
        });
        var leases = new List<SlotReadLease>();
        for (int i = 0; i < Slots; i++)
        {
            pool.TryReserve(bytes, out SlotWriteLease? slot, out _);
            slot!.Span.Fill((byte)i);
            pool.TryTake(slot.Commit(bytes, 0).Key, out SlotReadLease? taken, out _);
            leases.Add(taken!);
        }

        RetainedUpdate[] updates = [.. leases.Select(lease => new RetainedUpdate(lease.Memory, 1))];
        var sums = new UpdateAccumulator([new SectionShape(ElementType.Float32, Elements, Denominator.Weight)]);
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => Parallel.ForEach(leases, lease => _ = TensorPrimitives.Max(lease.Floats)),
            () => sums.Accumulate(updates));
        leases.ForEach(lease => lease.Release());
        double gigabytes = (double)Slots * bytes / 1e9;
        context.Tell("tier.node.readBandwidth", gigabytes / best[0], "GB/s");
        context.Tell("tier.node.throughput", gigabytes / best[1], "GB/s");
        context.AtLeast("tier.node.throughputOverBandwidth", best[0] / best[1], 0.7);
    }
}
