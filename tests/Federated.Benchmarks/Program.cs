using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Latency;
using Federated.Benchmarks.Mathematics;

IBenchmark[] benchmarks =
[
    new RandomBenchmark(),
    new CoordinateBenchmark(),
    new MeanBenchmark(),
    new RobustBenchmark(),
    new LatencyBenchmark(),
];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
return await BenchmarkCommandLine.RunAsync(benchmarks, args, stop.Token);
