using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.Benchmarks.Latency;

/// <summary>The bytes of a round over bare Kestrel HTTP/2: every client sends its payload, which is discarded, then gets the model.</summary>
internal sealed class BareExchange : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient[] _clients;
    private readonly byte[] _payload;
    private readonly byte[] _scratch;

    private BareExchange(WebApplication app, HttpClient[] clients, byte[] payload)
    {
        _app = app;
        _clients = clients;
        _payload = payload;
        _scratch = new byte[clients.Length * 256 * 1024];
    }

    public static async Task<BareExchange> StartAsync(int clients, int bytes, CancellationToken cancellationToken)
    {
        byte[] payload = new byte[bytes];
        new Numerics.CounterRandom(1, Numerics.RandomPurpose.Initialisation).FillUniform(
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(payload.AsSpan()), -1, 1);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        WebApplication app = builder.Build();
        app.MapPost("/", DiscardAsync);
        app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentLength = payload.Length;
            await context.Response.BodyWriter.WriteAsync(payload, context.RequestAborted);
        });
        await app.StartAsync(cancellationToken);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new BareExchange(app, [.. Enumerable.Range(0, clients).Select(_ => NewClient(address))], payload);
    }

    /// <summary>All clients at the same time, as in a round.</summary>
    public Task RoundAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_clients.Select((client, i) => Task.Run(() => ExchangeAsync(client, i, cancellationToken), cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients)
        {
            client.Dispose();
        }

        await _app.DisposeAsync();
    }

    private static HttpClient NewClient(string address) => new(new SocketsHttpHandler { InitialHttp2StreamWindowSize = 4 * 1024 * 1024 })
    {
        BaseAddress = new Uri(address),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task DiscardAsync(HttpContext context)
    {
        while (true)
        {
            System.IO.Pipelines.ReadResult read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task ExchangeAsync(HttpClient client, int number, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(_payload);
        using (HttpResponseMessage sent = await client.PostAsync("/", content, cancellationToken))
        {
            sent.EnsureSuccessStatusCode();
        }

        using HttpResponseMessage response = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        Memory<byte> scratch = _scratch.AsMemory(number * 256 * 1024, 256 * 1024);
        while (await body.ReadAsync(scratch, cancellationToken) > 0)
        {
        }
    }
}
