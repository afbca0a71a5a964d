using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Mathematics;

IBenchmark[] benchmarks =
[
    new RandomBenchmark(),
    new MeanBenchmark(),
    new RobustBenchmark(),
];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
return await BenchmarkCommandLine.RunAsync(benchmarks, args, stop.Token);
