using System.Diagnostics;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Gateway;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Benchmarks.Tier;

/// <summary>Rounds of ResNet-18 updates: eager against lazy by the time from the last arrival to the aggregate; one leaf against several.</summary>
internal static class RoundPart
{
    private const int Elements = 11_700_000;

    // A burst has three threads on two cores: its time swings more than the others.
    private const int ShapeTurns = 15;

    /// <summary>120 updates over 10 s, eager and lazy in turns: two and a half minutes, and 7.5 GB in slots for the lazy ones.</summary>
    public static async Task TimingAsync(BenchmarkContext context)
    {
        const int Updates = 120;
        TimeSpan over = TimeSpan.FromSeconds(10);
        await using var eager = new TierNode(Elements, slots: 8, workers: 0, preTouch: true);
        await eager.Node.StartAsync(context.CancellationToken);
        await using var lazy = new TierNode(Elements, slots: 161, workers: 0, preTouch: true);
        await lazy.Node.StartAsync(context.CancellationToken);
        var times = new List<double>[] { [], [] };
        for (int turn = 0; turn < Median.Turns; turn++)
        {
            times[0].Add(await ArriveAsync(eager, Updates, AggregationTimings.Eager, over, context.CancellationToken));
            times[1].Add(await ArriveAsync(lazy, Updates, AggregationTimings.Lazy, over, context.CancellationToken));
        }

        context.Tell("tier.round.eagerLastToReady", Median.Of(times[0]) * 1000, "ms");
        context.Tell("tier.round.lazyLastToReady", Median.Of(times[1]) * 1000, "ms");
        context.AtLeast("tier.round.lazyOverEager", Median.Of(times[1]) / Median.Of(times[0]), 5);
    }

    /// <summary>A burst of 24 updates through 8 slots, from the first arrival to the aggregate, by one leaf and by as many as the plan wants.</summary>
    public static async Task ShapeAsync(BenchmarkContext context)
    {
        const int Updates = 24;
        await using var node = new TierNode(Elements, slots: 8, workers: 0, preTouch: true);
        await node.Node.StartAsync(context.CancellationToken);
        (double Seconds, double CpuSeconds)[] times = await Median.OfAsync(
            ShapeTurns,
            () => BurstAsync(node, Updates, leaves: 1, context.CancellationToken),
            () => BurstAsync(node, Updates, leaves: Updates / 2, context.CancellationToken));
        context.Tell("tier.round.flat", times[0].Seconds * 1000, "ms");
        context.Tell("tier.round.hierarchical", times[1].Seconds * 1000, "ms");
        context.AtMost("tier.round.hierarchicalOverFlat", times[1].Seconds / times[0].Seconds, 1.05);
    }

    private static async Task<double> ArriveAsync(TierNode node, int updates, string timing, TimeSpan over, CancellationToken cancellationToken)
    {
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
        double seconds = Stopwatch.GetElapsedTime(last).TotalSeconds;
        await node.Node.ForgetRoundAsync(plan.Key, cancellationToken);
        return seconds;
    }

    /// <summary>A round of updates one after another, as fast as slots are free, and its seconds from the first arrival to the aggregate.</summary>
    public static async Task<double> BurstAsync(TierNode node, int updates, int leaves, CancellationToken cancellationToken, Action? onUpload = null)
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
