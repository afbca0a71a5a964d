using System.Diagnostics;
using System.Net;
using System.Threading.Channels;
using Federated.Benchmarks.Framework;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Federated.Storage.Slots;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.Benchmarks.Tier;

/// <summary>One update from the gateway's memory into the hands of a leaf: a slot and a notification, a gRPC stream on loopback, a CloudEvent through a sidecar, a stream of a Redis broker.</summary>
internal static class HandOverPart
{
    private static readonly (string Name, int Bytes)[] Sizes = [("46.8MB", 46_800_000), ("87MB", 87_000_000), ("241MB", 241_000_000)];

    public static async Task RunAsync(BenchmarkContext context)
    {
        await using WebApplication app = await StartAsync(context.CancellationToken);
        using var channel = GrpcChannel.ForAddress(app.Urls.First());
        using RedisProcess? redis = await RedisProcess.StartAsync(context.CancellationToken);
        await using SidecarEvent sidecar = await SidecarEvent.StartAsync(context.CancellationToken);
        foreach ((string name, int bytes) in Sizes)
        {
            byte[] update = new byte[bytes];
            Array.Fill<byte>(update, 7);
            ByteSink.Prepare(bytes);
            using SlotPool pool = SlotPool.Open(new SlotPoolOptions { SlotCount = 2, SlotBytes = bytes, Name = $"federated-bench-{Environment.ProcessId}", DeleteOnDispose = true });
            List<Way> ways =
            [
                new("slot", 1, () => BySlotAsync(pool, update), () => 0),
                new("grpc", 3, () => ByGrpcAsync(channel, update, context.CancellationToken), () => 0),
                new("cloudEvent", 6, () => sidecar.HandOverAsync(update), () => sidecar.CpuSeconds),
            ];
            if (redis is not null)
            {
                ways.Add(new("redis", 6, () => redis.HandOverAsync(update), () => redis.CpuSeconds));
            }

            await CompareAsync(context, name, ways);
        }
    }

    /// <summary>Every way against the first, in time and in processor time, its broker's included.</summary>
    private static async Task CompareAsync(BenchmarkContext context, string size, List<Way> ways)
    {
        double[] before = [.. ways.Select(way => way.BrokerCpu())];
        (double Seconds, double CpuSeconds)[] times = await Median.OfAsync(Median.Turns, [.. ways.Select(way => way.Run)]);
        context.Tell($"tier.handover.{size}.slot", times[0].Seconds * 1000, "ms");
        for (int i = 1; i < ways.Count; i++)
        {
            double cpu = times[i].CpuSeconds + ((ways[i].BrokerCpu() - before[i]) / (Median.Turns + 1));
            string name = $"tier.handover.{size}.{ways[i].Name}";
            context.Tell(name, times[i].Seconds * 1000, "ms");
            context.AtLeast($"{name}OverSlot", times[i].Seconds / times[0].Seconds, ways[i].Goal);
            context.AtLeast($"{name}OverSlotCpu", cpu / times[0].CpuSeconds, ways[i].Goal);
        }
    }

    private static async Task<double> BySlotAsync(SlotPool pool, byte[] update)
    {
        var notifications = Channel.CreateUnbounded<SlotKey>();
        long started = Stopwatch.GetTimestamp();
        if (!pool.TryReserve(update.Length, out SlotWriteLease? slot, out _))
        {
            throw new InvalidOperationException("No slot is free.");
        }

        update.CopyTo(slot.Span);
        notifications.Writer.TryWrite(slot.Commit(update.Length, 0).Key);
        if (!pool.TryTake(await notifications.Reader.ReadAsync(), out SlotReadLease? taken, out _))
        {
            throw new InvalidOperationException("The slot is gone.");
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        taken.Release();
        return seconds;
    }

    private static async Task<double> ByGrpcAsync(GrpcChannel channel, byte[] update, CancellationToken cancellationToken)
    {
        ByteSink.Prepare(update.Length);
        long started = Stopwatch.GetTimestamp();
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call =
            channel.CreateCallInvoker().AsyncClientStreamingCall(ByteSink.Method, null, new CallOptions(cancellationToken: cancellationToken));
        for (int sent = 0; sent < update.Length; sent += UploadMethod.PreferredChunkBytes)
        {
            await call.RequestStream.WriteAsync(
                new UploadFrame(update.AsMemory(sent, Math.Min(UploadMethod.PreferredChunkBytes, update.Length - sent))), cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        await call.ResponseAsync;
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<WebApplication> StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        });
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton<IServiceMethodProvider<ByteSink>, ByteSink.Methods>();
        WebApplication app = builder.Build();
        app.MapGrpcService<ByteSink>();
        await app.StartAsync(cancellationToken);
        return app;
    }

    private sealed record Way(string Name, double Goal, Func<Task<double>> Run, Func<double> BrokerCpu);
}
