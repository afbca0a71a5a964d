using Federated.Aggregator;
using Federated.Aggregator.Hosting;
using Federated.Aggregator.Hosting.Dapr;
using Federated.Aggregator.Hosting.Settings;
using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Hosting.Trust;
using Federated.Aggregator.Tree;
using Federated.Protocol.Tickets;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;

namespace Federated.AggregatorHost;

/// <summary>Composes a node: gateway, pool and workers, its part in the tree, and Dapr.</summary>
internal static partial class NodeHost
{
    private static readonly Dictionary<string, string?> DefaultLogLevels = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Grpc"] = "Warning",
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
    };

    /// <param name="arguments">The command line.</param>
    /// <param name="adjust">Tests replace services through it.</param>
    public static WebApplication Build(string[] arguments, Action<WebApplicationBuilder>? adjust = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder([SettingsCatalogue.ReadOnce, .. arguments]);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = DefaultLogLevels });
        if (HostCatalogue.Catalogue.FindUnknown(builder.Configuration, arguments) is { Count: > 0 } unknown)
        {
            throw new OptionsValidationException("settings", typeof(HostCatalogue), unknown);
        }

        ConfigurationManager configuration = builder.Configuration;
        IServiceCollection services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddOptions<NodeEndpointOptions>().BindConfiguration(NodeEndpointOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<TrustOptions>().BindConfiguration(TrustOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.ConfigureOptions<NodeKestrelSetup>();
        AddDevices(services);
        services.AddAggregatorNode(configuration.GetSection(AggregatorNodeOptions.SectionName));
        services.AddSingleton<IPostConfigureOptions<TreeMemberOptions>, NodeAddresses>();
        services.AddSingleton<IValidateOptions<TreeMemberOptions>, NodeAddresses>();
        services.AddHostedService<NodeRegistration>();
        services.AddTreeMember(configuration.GetSection(TreeMemberOptions.SectionName));
        services.AddDaprTier(configuration.GetSection(DaprOptions.SectionName));
        services.AddNodeTelemetry();
        adjust?.Invoke(builder);

        WebApplication app = builder.Build();

        // Now, and not when the host starts: by then constructors have read some options, and one error would hide the others.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        LogSettings(app.Logger, HostCatalogue.Catalogue.Effective(configuration));
        app.UseRouting();
        app.UseEndpointGuard();
        app.UseCloudEvents();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapAggregatorNode().OnlyOn(NodeEndpoint.Devices);
        app.MapTreeMember().OnlyOn(NodeEndpoint.Transfer);
        app.MapDaprTier(TierTopics.OfNodes).OnlyOn(NodeEndpoint.Control);
        app.MapNodeTelemetry().OnlyOn(NodeEndpoint.Control);
        app.MapGet("/health/live", () => Results.Text("alive")).OnlyOn(NodeEndpoint.Control);
        app.MapGet("/health/ready", (AggregatorNode node) => Ready(node)).OnlyOn(NodeEndpoint.Control);
        return app;
    }

    /// <summary>Where the node listens, ports of 0 resolved.</summary>
    public static string BannerOf(WebApplication app)
    {
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
        return $"Listening: devices on {addresses[0]} (gRPC), nodes on {addresses[1]} (gRPC), sidecar and health on {addresses[2]} (HTTP).";
    }

    private static void AddDevices(IServiceCollection services)
    {
        services.AddSingleton<ServerKeys>();
        services.AddSingleton(provider => new TicketVerifier(
            provider.GetRequiredService<ServerKeys>().Tickets, ServerTrust.TicketKeyId, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IConfigureOptions<JwtBearerOptions>, DeviceTokens>();
        services.AddAuthentication().AddJwtBearer(DeviceTokens.Scheme);
        services.AddAuthorizationBuilder().AddPolicy(
            DevicePolicy.Name, policy => policy.AddAuthenticationSchemes(DeviceTokens.Scheme).RequireAuthenticatedUser().AddRequirements(new NotRevoked()));
        services.AddSingleton<IAuthorizationHandler, NotRevokedHandler>();
    }

    private static IResult Ready(AggregatorNode node)
    {
        try
        {
            return Results.Text($"{node.Slots.Free} of {node.Slots.SlotCount} slots free");
        }
        catch (InvalidOperationException exception)
        {
            return Results.Text(exception.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    [LoggerMessage(1501, LogLevel.Information, "Settings in effect:\n{Settings}", EventName = "EffectiveSettings")]
    private static partial void LogSettings(ILogger logger, string settings);
}
