using System.Runtime;
using Federated.Benchmarks.Framework;

namespace Federated.Benchmarks.Latency;

/// <summary>Whole rounds of devices that train nothing against the bare transfer of the same bytes.</summary>
/// <param name="smallOnly">Only the smaller model, for a quick look.</param>
internal sealed class LatencyBenchmark(bool smallOnly) : IBenchmark
{
    private const int Devices = 4;
    private const int Outputs = 10;

    /// <summary>So many turns in a row that compile next to nothing, and the code is as fast as it gets.</summary>
    private const int QuietTurns = 10;
    private const int MostWarmUpTurns = 300;

    public string Name => smallOnly ? "latency-100k" : "latency";

    public string Summary => smallOnly
        ? "the smaller half of latency"
        : "whole rounds with 4 SDK devices that train nothing against the same bytes over bare Kestrel HTTP/2 both ways";

    public async Task RunAsync(BenchmarkContext context)
    {
        await MeasureAsync(context, "100k", features: 9_999, roundsATurn: 10);
        if (!smallOnly)
        {
            await MeasureAsync(context, "1M", features: 99_999, roundsATurn: 5);
        }
    }

    private static async Task MeasureAsync(BenchmarkContext context, string size, int features, int roundsATurn)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        int bytes = (features + 1) * Outputs * sizeof(float);
        using var gate = new RoundGate(Devices, roundsATurn);
        await using EchoFederation federation = await EchoFederation.StartAsync(Devices, features, Outputs, gate, cancellationToken);
        await using BareExchange bare = await BareExchange.StartAsync(Devices, bytes, cancellationToken);
        await UnlessEndedAsync(federation, gate.ArrivedAsync(cancellationToken));

        // A server runs for months. Its code is compiled in tiers and in the background, which takes a thousand rounds and one of the cores.
        int quiet = 0;
        for (int turn = 0; quiet < QuietTurns && turn < MostWarmUpTurns; turn++)
        {
            long compiled = JitInfo.GetCompiledMethodCount();
            await UnlessEndedAsync(federation, gate.TurnAsync(cancellationToken));
            quiet = JitInfo.GetCompiledMethodCount() - compiled <= 1 ? quiet + 1 : 0;
        }

        var roundCpu = new ProcessorTime();
        var bareCpu = new ProcessorTime();
        double[] best = await Interleaved.BestAsync(
            Interleaved.DefaultTurns,
            () => roundCpu.MeasureAsync(() => UnlessEndedAsync(federation, gate.TurnAsync(cancellationToken))),
            () => bareCpu.MeasureAsync(async () =>
            {
                for (int round = 0; round < roundsATurn; round++)
                {
                    await bare.RoundAsync(cancellationToken);
                }
            }));

        context.Tell($"latency.{size}.bareMilliseconds", best[1] / roundsATurn * 1e3, "ms");
        context.Tell($"latency.{size}.roundMilliseconds", best[0] / roundsATurn * 1e3, "ms");
        context.Tell($"latency.{size}.roundsPerSecond", roundsATurn / best[0], "1/s");
        context.Tell($"latency.{size}.bareProcessorMilliseconds", bareCpu.LeastSeconds / roundsATurn * 1e3, "ms");
        context.Tell($"latency.{size}.roundProcessorMilliseconds", roundCpu.LeastSeconds / roundsATurn * 1e3, "ms");
        context.AtMost($"latency.{size}.ratio", best[0] / best[1], 3);
    }

    private static async Task UnlessEndedAsync(EchoFederation federation, Task turn)
    {
        if (await Task.WhenAny(turn, federation.Devices) == federation.Devices)
        {
            await federation.Devices;
        }

        await turn;
    }
}
