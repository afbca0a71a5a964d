using System.Diagnostics;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Gateway;
using Federated.Protocol.Rounds;

namespace Federated.Benchmarks.Tier;

/// <summary>What it costs to store an update of 46.8 MB so that it outlives the node: copied, checked, spooled and flushed, against copied and checked.</summary>
internal static class SpoolPart
{
    private const int Elements = 11_700_000;
    private const int Updates = 4;

    public static async Task RunAsync(BenchmarkContext context)
    {
        await using var node = new TierNode(Elements, slots: Updates, workers: 0, preTouch: true);
        await node.Node.StartAsync(context.CancellationToken);
        (double Seconds, double CpuSeconds)[] times = await Median.OfAsync(
            Median.Turns,
            () => StoreAsync(node, "journal", context.CancellationToken),
            () => StoreAsync(node, "spool", context.CancellationToken));
        context.Tell("tier.spool.without", times[0].Seconds * 1000, "ms");
        context.Tell("tier.spool.with", times[1].Seconds * 1000, "ms");
        context.Tell("tier.spool.withOverWithout", times[1].Seconds / times[0].Seconds, "ratio");
        context.Tell("tier.spool.withoutCpu", times[0].CpuSeconds * 1000 / Updates, "ms");
        context.Tell("tier.spool.withCpu", times[1].CpuSeconds * 1000 / Updates, "ms");
        context.Tell("tier.spool.withOverWithoutCpu", times[1].CpuSeconds / times[0].CpuSeconds, "ratio");
    }

    /// <returns>Seconds from the header to "stored", for each of some updates one after another. Processor time is that of the round, its sums included.</returns>
    private static async Task<double> StoreAsync(TierNode node, string durability, CancellationToken cancellationToken)
    {
        RoundPlan plan = GatewayUpdate.Plan(Elements) with { Durability = durability };
        await node.Node.OpenRoundAsync(plan, _ => { }, cancellationToken);
        double seconds = 0;
        for (int i = 0; i < Updates; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await node.UploadAsync($"a{i}", cancellationToken);
            seconds += Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        await node.CloseAsync(plan.Key, Updates, cancellationToken);
        await node.Node.ForgetRoundAsync(plan.Key, cancellationToken);
        return seconds / Updates;
    }
}
