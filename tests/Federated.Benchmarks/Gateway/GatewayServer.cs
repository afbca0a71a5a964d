using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting;
using Federated.Protocol.Tickets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.Benchmarks.Gateway;

/// <summary>A node behind Kestrel, and beside it, on the same Kestrel, an endpoint that reads a body and discards it.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    public const string KeyId = "key";
    public const string BarePath = "/bare";

    private readonly string _folder = Directory.CreateTempSubdirectory("federated-benchmark-").FullName;
    private readonly WebApplication _app;

    private GatewayServer(ECDsa key, int slotCount, int slotBytes, IEventBus? bus)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aggregator:Directory"] = Path.Combine(_folder, "node"),
            ["Aggregator:SlotCount"] = slotCount.ToString(CultureInfo.InvariantCulture),
            ["Aggregator:SlotBytes"] = slotBytes.ToString(CultureInfo.InvariantCulture),
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new TicketVerifier(key, KeyId, TimeProvider.System));
        builder.Services.AddAuthentication(BenchmarkDevices.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BenchmarkDevices>(BenchmarkDevices.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(DevicePolicy.Name, policy => policy.RequireAuthenticatedUser());
        if (bus is not null)
        {
            builder.Services.AddSingleton(bus);
        }

        builder.Services.AddAggregatorNode(builder.Configuration.GetSection(AggregatorNodeOptions.SectionName));
        _app = builder.Build();
        _app.MapAggregatorNode();
        _app.MapPost(BarePath, DiscardAsync);
    }

    public AggregatorNode Node => _app.Services.GetRequiredService<AggregatorNode>();

    public string Address => _app.Urls.First();

    public static async Task<GatewayServer> StartAsync(
        ECDsa key, int slotCount, int slotBytes, IEventBus? bus, CancellationToken cancellationToken)
    {
        var server = new GatewayServer(key, slotCount, slotBytes, bus);
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task DiscardAsync(HttpContext context)
    {
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
