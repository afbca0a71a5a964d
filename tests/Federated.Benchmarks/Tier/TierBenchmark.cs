using Federated.Benchmarks.Framework;

namespace Federated.Benchmarks.Tier;

/// <summary>The aggregation tier, in parts that can be run alone.</summary>
internal sealed class TierBenchmark(string name, string summary, params Func<BenchmarkContext, Task>[] parts) : IBenchmark
{
    public string Name => name;

    public string Summary => summary;

    public static IEnumerable<IBenchmark> All =>
    [
        new TierBenchmark(
            "tier", "every part of the tier but the idle minutes",
            HandOverPart.RunAsync, RoundPart.ShapeAsync, ScalePart.RunAsync, WorkerPart.StartsAsync, Throughput, SpoolPart.RunAsync, RoundPart.TimingAsync),
        new TierBenchmark("tier-handover", "an update from gateway to leaf: slot, gRPC on loopback, CloudEvent through a sidecar, Redis stream", HandOverPart.RunAsync),
        new TierBenchmark("tier-shape", "a round by one leaf against several", RoundPart.ShapeAsync),
        new TierBenchmark("tier-scale", "processor time and memory of rounds of 16 to 1024 updates", ScalePart.RunAsync),
        new TierBenchmark("tier-start", "a warm worker against a process that is started", WorkerPart.StartsAsync),
        new TierBenchmark("tier-throughput", "bytes in slots to the partial against the read bandwidth", Throughput),
        new TierBenchmark("tier-timing", "120 updates of 46.8 MB over 10 s: eager against lazy, in two and a half minutes", RoundPart.TimingAsync),
        new TierBenchmark("tier-spool", "storing an update with the durability spool against without", SpoolPart.RunAsync),
        new TierBenchmark("tier-idle", "a node with nothing to do, for a minute", WorkerPart.IdleAsync),
        new TierBenchmark("tier-idle-dapr", "three nodes over Dapr, a process each, for a minute after one to warm up", IdleTierPart.RunAsync),
    ];

    public async Task RunAsync(BenchmarkContext context)
    {
        foreach (Func<BenchmarkContext, Task> part in parts)
        {
            await part(context);
        }
    }

    private static Task Throughput(BenchmarkContext context)
    {
        ThroughputPart.Run(context);
        return Task.CompletedTask;
    }
}
