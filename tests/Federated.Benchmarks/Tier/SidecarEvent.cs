using System.Diagnostics;
using System.Net;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Federated.Benchmarks.Tier;

/// <summary>
/// A CloudEvent that carries the update: published by Dapr's client to a sidecar in a process of its own, delivered by it to a subscriber of
/// Dapr's ASP.NET Core package.
/// </summary>
internal sealed class SidecarEvent : IAsyncDisposable
{
    // The data of an event is one JSON string in base64, and System.Text.Json writes none of more than 166 million characters.
    private const int LargestPart = 121_000_000;

    // 8 GB, in hexadecimal: several copies of each part, as text and as bytes, would otherwise grow to what the machine has before they are collected.
    private const string HeapLimit = "200000000";

    private readonly WebApplication _leaf;
    private readonly ProgramProcess _sidecar;
    private readonly DaprClient _gateway;
    private byte[] _target = [];
    private TaskCompletionSource _arrived = new();
    private int _received;

    private SidecarEvent(WebApplication leaf, ProgramProcess sidecar)
    {
        _leaf = leaf;
        _sidecar = sidecar;
        string[] words = sidecar.ReadyLines[0].Split(' ', ',');
        _gateway = new DaprClientBuilder().UseHttpEndpoint(words[^4]).UseGrpcEndpoint(words[^1]).Build();
    }

    /// <summary>Processor seconds of the sidecar.</summary>
    public double CpuSeconds => _sidecar.CpuSeconds;

    public static async Task<SidecarEvent> StartAsync(CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Logging.ClearProviders();
        SidecarEvent? self = null;
        WebApplication leaf = builder.Build();
        leaf.UseCloudEvents();
        leaf.MapSubscribeHandler();
        leaf.MapPost("/updates", (HttpContext context) => self!.ReceiveAsync(context)).WithTopic("pubsub", "updates");
        await leaf.StartAsync(cancellationToken);
        ProgramProcess sidecar = await ProgramProcess.StartAsync(
            "Federated.DaprSidecar.dll",
            ["--app", "gateway", "--app", $"leaf,app={leaf.Urls.First()}", "--max-body-size", $"{LargestPart + 65536}"],
            "Sidecar of ", 2, cancellationToken, ("DOTNET_GCHeapHardLimit", HeapLimit));
        self = new SidecarEvent(leaf, sidecar);
        await self.AwaitSubscriptionAsync(cancellationToken);
        return self;
    }

    /// <summary>Publishes an update, in parts where one event cannot carry it, until the subscriber has all its bytes.</summary>
    public async Task<double> HandOverAsync(byte[] update)
    {
        if (_target.Length != update.Length)
        {
            _target = new byte[update.Length];
            Array.Fill<byte>(_target, 1);
        }

        _received = 0;
        _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long started = Stopwatch.GetTimestamp();
        for (int sent = 0; sent < update.Length; sent += LargestPart)
        {
            await _gateway.PublishByteEventAsync(
                "pubsub", "updates", update.AsMemory(sent, Math.Min(LargestPart, update.Length - sent)), "application/octet-stream");
        }

        await _arrived.Task;
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        _gateway.Dispose();
        _sidecar.Dispose();
        await _leaf.StopAsync();
        await _leaf.DisposeAsync();
    }

    private async Task AwaitSubscriptionAsync(CancellationToken cancellationToken)
    {
        // What is published before the sidecar knows its subscriber is lost.
        using var http = new HttpClient { BaseAddress = new Uri(_sidecar.ReadyLines[1].Split(' ', ',')[^4]) };
        while (!(await http.GetAsync("/v1.0/healthz", cancellationToken)).IsSuccessStatusCode)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        int length = (int)context.Request.Body.Length;
        int end = Interlocked.Add(ref _received, length);
        await context.Request.Body.ReadExactlyAsync(_target.AsMemory(end - length, length));
        if (end == _target.Length)
        {
            _arrived.SetResult();
        }
    }
}
