using System.Net;
using System.Security.Cryptography;
using Federated.Aggregator;
using Federated.Aggregator.Hosting;
using Federated.Protocol.Tickets;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Gateway;

/// <summary>A node behind a real Kestrel on a free port, with its own keys, folder, clock and logs.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    public const int SlotCount = 2;
    public const int SlotBytes = 2 * 1024 * 1024;

    private readonly string _folder = Directory.CreateTempSubdirectory("federated-gateway-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private WebApplication? _app;
    private GrpcChannel? _channel;

    private GatewayHost() => Signer = new TicketSigner(_key, "key");

    public TicketSigner Signer { get; }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56));

    public CapturedLogs Logs { get; } = new();

    public AggregatorNode Node => _app!.Services.GetRequiredService<AggregatorNode>();

    public CallInvoker Invoker => _channel!.CreateCallInvoker();

    /// <summary>A connection of its own.</summary>
    public GrpcChannel Connect() => GrpcChannel.ForAddress(_app!.Urls.First());

    public static async Task<GatewayHost> StartAsync(CancellationToken cancellationToken)
    {
        var host = new GatewayHost();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aggregator:Directory"] = Path.Combine(host._folder, "node"),
            ["Aggregator:PoolDirectory"] = host._folder,
            ["Aggregator:SlotCount"] = $"{SlotCount}",
            ["Aggregator:SlotBytes"] = $"{SlotBytes}",
        });
        builder.Logging.ClearProviders().AddProvider(host.Logs);
        builder.Services.AddSingleton<TimeProvider>(host.Time);
        builder.Services.AddSingleton(new TicketVerifier(host._key, "key", host.Time));
        builder.Services.AddAuthentication(TestDevices.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TestDevices>(TestDevices.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(DevicePolicy.Name, policy => policy.RequireAuthenticatedUser());
        builder.Services.AddAggregatorNode(builder.Configuration.GetSection(AggregatorNodeOptions.SectionName));

        host._app = builder.Build();
        host._app.MapAggregatorNode();
        await host._app.StartAsync(cancellationToken);
        host._channel = host.Connect();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
