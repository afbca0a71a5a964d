using System.Globalization;
using Federated.Benchmarks.Framework;

namespace Federated.Benchmarks.Tier;

/// <summary>
/// Processor time and memory of a round by the size of its cohort, updates of 4 MB. Each round has a process of its own with the collector's settings of
/// the node's host, so that none finds what another has left.
/// </summary>
internal static class ScalePart
{
    /// <summary>The child's first argument; the second is the number of updates.</summary>
    public const string Argument = "tier-scale-round";

    private const int Elements = 1_000_000;
    private const int Warmup = 64;
    private const string Answer = "Round ";

    // Hexadecimal; AggregatorHost's project file has the same number.
    private static readonly (string Name, string Value) Gen0Budget = ("DOTNET_GCGen0MaxBudget", "400000");

    public static async Task RunAsync(BenchmarkContext context)
    {
        int[] cohorts = [16, 64, 256, 1024];
        var cpu = cohorts.ToDictionary(cohort => cohort, _ => new List<double>());
        var memory = cohorts.ToDictionary(cohort => cohort, _ => new List<double>());
        for (int turn = 0; turn < Median.Turns; turn++)
        {
            foreach (int updates in cohorts)
            {
                using ProgramProcess child = await ProgramProcess.StartAsync(
                    "Federated.Benchmarks.dll", [Argument, $"{updates}"], Answer, 1, context.CancellationToken, Gen0Budget);
                string[] words = child.ReadyLines[0].Split(' ');
                cpu[updates].Add(double.Parse(words[1], CultureInfo.InvariantCulture));
                memory[updates].Add(double.Parse(words[2], CultureInfo.InvariantCulture));
            }
        }

        foreach (int updates in cohorts)
        {
            context.Tell($"tier.scale.{updates}.cpu", Median.Of(cpu[updates]), "s");
            context.Tell($"tier.scale.{updates}.peakMemory", Median.Of(memory[updates]), "MB");
        }

        context.AtMost("tier.scale.cpuPerUpdate1024Over64", Median.Of(cpu[1024]) / 1024 / (Median.Of(cpu[64]) / 64), 1.2);
        context.AtMost("tier.scale.memory1024Over64", Median.Of(memory[1024]) / Median.Of(memory[64]), 1.1);
    }

    /// <summary>The child: a round to warm up, then the one that is measured. It answers when the node is gone, because then it is killed.</summary>
    public static async Task RunChildAsync(int updates, CancellationToken cancellationToken)
    {
        double cpu;
        double peak = 0;
        await using (var node = new TierNode(Elements, slots: 8, workers: 0, preTouch: true))
        {
            await node.Node.StartAsync(cancellationToken);
            await RoundPart.BurstAsync(node, Warmup, leaves: 8, cancellationToken);
            GC.Collect();
            TimeSpan before = Environment.CpuUsage.TotalTime;
            await RoundPart.BurstAsync(node, updates, leaves: 8, cancellationToken, () => peak = Math.Max(peak, Environment.WorkingSet / 1e6));
            cpu = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Answer}{cpu} {peak}"));
    }
}
