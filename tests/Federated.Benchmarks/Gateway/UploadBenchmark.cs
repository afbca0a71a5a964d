using System.Diagnostics;
using System.Security.Cryptography;
using Federated.Benchmarks.Framework;
using Federated.Protocol.Tickets;
using Grpc.Net.Client;

namespace Federated.Benchmarks.Gateway;

/// <summary>
/// Uploads of a ResNet-18 update into slots against a plain HTTP/2 body that the same Kestrel discards. Client and server share the
/// process, so the allocations are those of both sides together. Leaves sum between the uploads, outside the timing.
/// </summary>
internal sealed class UploadBenchmark : IBenchmark
{
    private const int Elements = 11_700_000;
    private const int WarmUps = 25;

    public string Name => "upload";

    public string Summary => "46.8 MB updates over gRPC into slots, checked and journalled, against a bare HTTP/2 upload";

    public async Task RunAsync(BenchmarkContext context)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var bus = new DeferredEventBus();
        await using GatewayServer server =
            await GatewayServer.StartAsync(key, slotCount: 2, Elements * sizeof(float), bus, context.CancellationToken);
        await server.Node.OpenRoundAsync(GatewayUpdate.Plan(Elements), _ => { }, context.CancellationToken);
        var update = new GatewayUpdate(Elements, new TicketSigner(key, GatewayServer.KeyId));
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var client = new HttpClient();
        var bare = new BareUpload(client, server.Address, update.Payload);
        var (bareTimes, uploadTimes, allocated) = (new List<double>(), new List<double>(), new List<double>());

        for (int turn = -WarmUps; turn < Interleaved.DefaultTurns; turn++)
        {
            long start = Stopwatch.GetTimestamp();
            await bare.SendAsync(context.CancellationToken);
            double bareSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

            long bytes = GC.GetTotalAllocatedBytes(precise: true);
            start = Stopwatch.GetTimestamp();
            await update.UploadAsync(channel.CreateCallInvoker(), $"a{turn}", context.CancellationToken);
            double uploadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
            await bus.DeliverAsync();
            SpinWait.SpinUntil(() => server.Node.Slots.Free == server.Node.Slots.SlotCount);
            if (turn >= 0)
            {
                bareTimes.Add(bareSeconds);
                uploadTimes.Add(uploadSeconds);
                allocated.Add(bytes / 1e6);
            }
        }

        double megabytes = Elements * sizeof(float) / 1e6;
        context.Tell("upload.bare", megabytes / bareTimes.Min(), "MB/s");
        context.Tell("upload.throughput", megabytes / uploadTimes.Min(), "MB/s");
        context.AtLeast("upload.throughputRatio", bareTimes.Min() / uploadTimes.Min(), 0.8);
        context.AtMost("upload.allocatedPerUpload", allocated.Average(), 1, "MB");
    }
}
