using System.Globalization;
using Federated.Benchmarks.Codecs;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Gateway;
using Federated.Benchmarks.Latency;
using Federated.Benchmarks.Mathematics;
using Federated.Benchmarks.Sparse;
using Federated.Benchmarks.Tier;
using Federated.Benchmarks.Training;

IBenchmark[] benchmarks =
[
    new RandomBenchmark(),
    new CodecsBenchmark(),
    new CoordinateBenchmark(),
    new MeanBenchmark(),
    new RobustBenchmark(),
    new RobustCloseBenchmark(),
    new SketchBenchmark(),
    new LatencyBenchmark(smallOnly: false),
    new LatencyBenchmark(smallOnly: true),
    new SimulationBenchmark(),
    new KernelsBenchmark(),
    new SparseBenchmark(),
    new ChannelsBenchmark(),
    new UploadBenchmark(),
    new RoundBenchmark(),
    .. TierBenchmark.All,
];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
if (args is [WorkerPart.Argument])
{
    Console.WriteLine("ready");
    return 0;
}

if (args is [ScalePart.Argument, var cohort])
{
    await ScalePart.RunChildAsync(int.Parse(cohort, CultureInfo.InvariantCulture), stop.Token);
    return 0;
}

if (args is [PopulationPart.Argument])
{
    PopulationPart.RunChild(stop.Token);
    return 0;
}

if (args is [RoundServer.Argument, ..])
{
    return await RoundServer.RunAsync(args, stop.Token);
}

return await BenchmarkCommandLine.RunAsync(benchmarks, args, stop.Token);
