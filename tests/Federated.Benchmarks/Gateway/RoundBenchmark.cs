using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Benchmarks.Framework;
using Federated.Protocol;
using Federated.Protocol.Tickets;
using Grpc.Core;
using Grpc.Net.Client;

namespace Federated.Benchmarks.Gateway;

/// <summary>
/// A round of 500 uploads of 10 MB by 48 devices at a time, three for each slot, so that the pool is full most of the
/// time. The server is a child process; its memory is the peak of its resident set, which has the pool's pages in it.
/// </summary>
internal sealed class RoundBenchmark : IBenchmark
{
    private const int Uploads = 500;
    private const int Devices = 48;
    private const int Slots = 16;
    private const int Elements = 2_500_000;

    public string Name => "round";

    public string Summary => "the server's peak memory in a round of 500 uploads of 10 MB through 16 slots";

    public async Task RunAsync(BenchmarkContext context)
    {
        using Process server = Start();
        try
        {
            string[] ready = await AnswerAsync(server, context.CancellationToken);
            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(ready[1]), out _);
            var update = new GatewayUpdate(Elements, new TicketSigner(key, GatewayServer.KeyId));

            long start = Stopwatch.GetTimestamp();
            int refused = await UploadAllAsync(ready[0], update, context.CancellationToken);
            await server.StandardInput.WriteLineAsync("close");
            string[] closed = await AnswerAsync(server, context.CancellationToken);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await server.WaitForExitAsync(context.CancellationToken);
            Report(context, update, closed, seconds, refused);
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
            }
        }
    }

    private static void Report(BenchmarkContext context, GatewayUpdate update, string[] closed, double seconds, int refused)
    {
        float mean = float.Parse(closed[1], CultureInfo.InvariantCulture);
        float expected = MemoryMarshal.Read<float>(update.Payload);
        if (closed[0] != $"{Uploads}" || Math.Abs(mean - expected) > 1e-6 * Math.Abs(expected))
        {
            throw new InvalidOperationException(
                $"The round has {closed[0]} of {Uploads} updates and the mean {mean} in place of {expected}.");
        }

        double pool = Slots * (double)Elements * sizeof(float) / 1e6;
        double peak = long.Parse(closed[2], CultureInfo.InvariantCulture) / 1e6;
        context.Tell("round.seconds", seconds, "s");
        context.Tell("round.uploadsPerSecond", Uploads / seconds, "1/s");
        context.Tell("round.refusedAsFull", refused, "uploads");
        context.Tell("round.pool", pool, "MB");
        context.AtMost("round.peakMemory", peak, pool + 200, "MB");
    }

    private static async Task<int> UploadAllAsync(string address, GatewayUpdate update, CancellationToken cancellationToken)
    {
        int next = 0;
        int refused = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Devices), new ParallelOptions { MaxDegreeOfParallelism = Devices, CancellationToken = cancellationToken }, async (_, token) =>
        {
            using var channel = GrpcChannel.ForAddress(address);
            for (int i = Interlocked.Increment(ref next); i <= Uploads; i = Interlocked.Increment(ref next))
            {
                while (!await TryUploadAsync(channel, update, $"a{i}", token))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        });
        return refused;
    }

    private static async Task<bool> TryUploadAsync(GrpcChannel channel, GatewayUpdate update, string assignment, CancellationToken cancellationToken)
    {
        try
        {
            await update.UploadAsync(channel.CreateCallInvoker(), assignment, cancellationToken);
            return true;
        }
        catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted)
        {
            long delay = long.Parse(full.Trailers.GetValue(ErrorKinds.RetryAfterTrailer)!, CultureInfo.InvariantCulture);
            await Task.Delay(TimeSpan.FromMilliseconds(delay), TimeProvider.System, cancellationToken);
            return false;
        }
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // Under "dotnet Federated.Benchmarks.dll" the process is the muxer, which wants the assembly first.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(RoundBenchmark).Assembly.Location);
        }

        foreach (string argument in (string[])[RoundServer.Argument, $"{Slots}", $"{Elements}"])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task<string[]> AnswerAsync(Process server, CancellationToken cancellationToken) =>
        (await server.StandardOutput.ReadLineAsync(cancellationToken))?.Split(' ')
        ?? throw new InvalidOperationException("The server of the benchmark has died.");
}
