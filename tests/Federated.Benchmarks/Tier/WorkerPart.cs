using System.Diagnostics;
using Federated.Aggregator;
using Federated.Aggregator.Workers;
using Federated.Benchmarks.Framework;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.Benchmarks.Tier;

/// <summary>A turn on a worker that waits, against a process that is started for it; and what an idle node costs.</summary>
internal static class WorkerPart
{
    /// <summary>The child's argument: it says that it is there and ends.</summary>
    public const string Argument = "tier-cold-start";

    public static async Task StartsAsync(BenchmarkContext context)
    {
        using var metrics = new AggregatorMetrics();
        using var pool = new WorkerPool(1, 1, TimeSpan.FromMinutes(1), () => { }, metrics, TimeProvider.System, NullLogger.Instance);
        pool.Start();
        (double Seconds, double CpuSeconds)[] times = await Median.OfAsync(
            Median.Turns, () => WarmAsync(pool), () => ColdAsync(context.CancellationToken));
        context.Tell("tier.start.warm", times[0].Seconds * 1e6, "us");
        context.Tell("tier.start.coldProcess", times[1].Seconds * 1000, "ms");
        context.AtLeast("tier.start.coldOverWarm", times[1].Seconds / times[0].Seconds, 50);
    }

    /// <summary>A started node with nothing to do, for a minute: its share of a core.</summary>
    public static async Task IdleAsync(BenchmarkContext context)
    {
        await using var node = new TierNode(100_000, slots: 4, workers: 0, preTouch: true);
        await node.Node.StartAsync(context.CancellationToken);
        TimeSpan minute = TimeSpan.FromMinutes(1);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await Task.Delay(minute, TimeProvider.System, context.CancellationToken);
        context.AtMost("tier.idle.shareOfACore", (Environment.CpuUsage.TotalTime - before) / minute * 100, 0.5, "%");
    }

    private static async Task<double> WarmAsync(WorkerPool pool)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        long started = Stopwatch.GetTimestamp();
        pool.Run(() => done.SetResult(Stopwatch.GetTimestamp()));
        return Stopwatch.GetElapsedTime(started, await done.Task).TotalSeconds;
    }

    private static async Task<double> ColdAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(WorkerPart).Assembly.Location);
        }

        start.ArgumentList.Add(Argument);
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        await process.StandardOutput.ReadLineAsync(cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await process.WaitForExitAsync(cancellationToken);
        return seconds;
    }
}
