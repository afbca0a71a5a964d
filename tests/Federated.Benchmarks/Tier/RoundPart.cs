using System.Diagnostics;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Gateway;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Benchmarks.Tier;

/// <summary>Rounds of ResNet-18 updates: eager against lazy by the time from the last arrival to the aggregate; one leaf against several; cost by cohort.</summary>
internal static class RoundPart
{
    private const int Elements = 11_700_000;
    private const int SmallElements = 1_000_000;

    /// <summary>120 updates over 10 s. Lazy keeps 5.6 GB in slots, so each way is run once.</summary>
    public static async Task TimingAsync(BenchmarkContext context)
    {
        const int Updates = 120;
        double lazy = await ArriveAsync(Updates, slots: 161, AggregationTimings.Lazy, TimeSpan.FromSeconds(10), context.CancellationToken);
        double eager = await ArriveAsync(Updates, slots: 8, AggregationTimings.Eager, TimeSpan.FromSeconds(10), context.CancellationToken);
        context.Tell("tier.round.eagerLastToReady", eager * 1000, "ms");
        context.Tell("tier.round.lazyLastToReady", lazy * 1000, "ms");
        context.AtLeast("tier.round.lazyOverEager", lazy / eager, 5);
    }

    /// <summary>A burst of 24 updates through 8 slots, from the first arrival to the aggregate, by one leaf and by as many as the plan wants.</summary>
    public static async Task ShapeAsync(BenchmarkContext context)
    {
        const int Updates = 24;
        await using var node = new TierNode(Elements, slots: 8, workers: 0, preTouch: true);
        await node.Node.StartAsync(context.CancellationToken);
        (double Seconds, double CpuSeconds)[] times = await Median.OfAsync(
            Median.Turns,
            () => BurstAsync(node, Updates, leaves: 1, context.CancellationToken),
            () => BurstAsync(node, Updates, leaves: Updates / 2, context.CancellationToken));
        context.Tell("tier.round.flat", times[0].Seconds * 1000, "ms");
        context.Tell("tier.round.hierarchical", times[1].Seconds * 1000, "ms");
        context.AtMost("tier.round.hierarchicalOverFlat", times[1].Seconds / times[0].Seconds, 1.05);
    }

    /// <summary>Processor time and memory by the size of the cohort, updates of 4 MB.</summary>
    public static async Task ScaleAsync(BenchmarkContext context)
    {
        await using var node = new TierNode(SmallElements, slots: 8, workers: 0, preTouch: true);
        await node.Node.StartAsync(context.CancellationToken);
        await BurstAsync(node, 16, leaves: 8, context.CancellationToken);
        var perUpdate = new Dictionary<int, double>();
        var memory = new Dictionary<int, double>();
        foreach (int updates in (int[])[16, 64, 256, 1024])
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            double peak = 0;
            await BurstAsync(node, updates, leaves: 8, context.CancellationToken, () => peak = Math.Max(peak, Environment.WorkingSet / 1e6));
            double cpu = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
            perUpdate[updates] = cpu / updates;
            memory[updates] = peak;
            context.Tell($"tier.scale.{updates}.cpu", cpu, "s");
            context.Tell($"tier.scale.{updates}.peakMemory", peak, "MB");
        }

        context.AtMost("tier.scale.cpuPerUpdate1024Over64", perUpdate[1024] / perUpdate[64], 1.2);
        context.AtMost("tier.scale.memory1024Over64", memory[1024] / memory[64], 1.1);
    }

    private static async Task<double> ArriveAsync(int updates, int slots, string timing, TimeSpan over, CancellationToken cancellationToken)
    {
        await using var node = new TierNode(Elements, slots, workers: 0, preTouch: false);
        await node.Node.StartAsync(cancellationToken);
        RoundPlan plan = GatewayUpdate.Plan(Elements) with { Timing = timing, ExpectedUpdates = updates };
        await node.Node.OpenRoundAsync(plan, _ => { }, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < updates; i++)
        {
            TimeSpan due = (over * i / updates) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, TimeProvider.System, cancellationToken);
            }

            await node.UploadAsync($"a{i}", cancellationToken);
        }

        long last = Stopwatch.GetTimestamp();
        await node.CloseAsync(plan.Key, updates, cancellationToken);
        return Stopwatch.GetElapsedTime(last).TotalSeconds;
    }

    private static async Task<double> BurstAsync(TierNode node, int updates, int leaves, CancellationToken cancellationToken, Action? onUpload = null)
    {
        RoundPlan plan = GatewayUpdate.Plan(node.Update.Payload.Length / sizeof(float));
        await node.Node.OpenRoundAsync(plan, TreePlan.Single(node.Node.NodeId, updates, leaves), _ => { }, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < updates; i++)
        {
            await node.UploadAsync($"a{i}", cancellationToken);
            onUpload?.Invoke();
        }

        await node.CloseAsync(plan.Key, updates, cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await node.Node.ForgetRoundAsync(plan.Key, cancellationToken);
        return seconds;
    }
}
