using System.Net;
using System.Security.Cryptography;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting;
using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Tree;
using Federated.FunctionalTests.Gateway;
using Federated.Protocol.Tickets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Tier;

/// <summary>One node of a tier behind a real Kestrel; the nodes of a test share one bus.</summary>
internal sealed class TierHost : IAsyncDisposable
{
    public const string Key = "the key of this tier";

    private readonly string _folder = Directory.CreateTempSubdirectory("federated-tier-").FullName;
    private readonly WebApplication _app;

    private TierHost(string nodeId, ECDsa key, IEventBus bus, string secret)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aggregator:NodeId"] = nodeId,
            ["Aggregator:Directory"] = Path.Combine(_folder, "node"),
            ["Aggregator:PoolDirectory"] = _folder,
            ["Aggregator:SlotCount"] = "4",
            ["Aggregator:SlotBytes"] = "2097152",
            ["Tier:Key"] = secret,
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(bus);
        builder.Services.AddSingleton(new TicketVerifier(key, "key", TimeProvider.System));
        builder.Services.AddAuthentication(TestDevices.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TestDevices>(TestDevices.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(DevicePolicy.Name, policy => policy.RequireAuthenticatedUser());
        builder.Services.AddAggregatorNode(builder.Configuration.GetSection(AggregatorNodeOptions.SectionName));
        builder.Services.AddTreeMember(builder.Configuration.GetSection(TreeMemberOptions.SectionName));
        _app = builder.Build();
        _app.MapAggregatorNode();
        _app.MapTreeMember();
    }

    public AggregatorNode Node => _app.Services.GetRequiredService<AggregatorNode>();

    public TierTransferClient Client => _app.Services.GetRequiredService<TierTransferClient>();

    public string Address => _app.Urls.First();

    public static async Task<TierHost> StartAsync(string nodeId, ECDsa key, IEventBus bus, CancellationToken cancellationToken, string secret = Key)
    {
        var host = new TierHost(nodeId, key, bus, secret);
        await host._app.StartAsync(cancellationToken);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
