using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting.Gateway;
using Federated.Aggregator.Hosting.State;
using Federated.Protocol.Uploads;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Federated.Aggregator.Hosting;

/// <summary>Adds an aggregation node to a host and maps its gateway.</summary>
public static class AggregatorNodeServices
{
    // Measured on loopback: windows below 1 MiB cost a tenth of the throughput, and every upload that waits for a slot may fill its window.
    private const int StreamWindowBytes = 1024 * 1024;
    private const int ConnectionWindowBytes = 2 * 1024 * 1024;

    /// <summary>
    /// Adds the node. The host provides a <see cref="Protocol.Tickets.TicketVerifier"/> and the policy <see cref="DevicePolicy.Name"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section <see cref="AggregatorNodeOptions.SectionName"/>.</param>
    public static IServiceCollection AddAggregatorNode(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AggregatorNodeOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventBus, InProcessEventBus>();
        services.TryAddSingleton<ITierState, InProcessTierState>();
        services.TryAddSingleton<NodeRegistry>();
        services.TryAddSingleton<AggregatorMetrics>();
        services.TryAddSingleton<AggregatorNode>();
        services.AddHostedService<AggregatorNodeService>();

        services.AddGrpc().AddServiceOptions<UpdateGateway>(options => options.MaxReceiveMessageSize = UploadMethod.MaxChunkBytes + 1024);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<UpdateGateway>, UpdateGatewayMethods>());
        services.Configure<KestrelServerOptions>(WidenWindows);
        return services;
    }

    /// <summary>Maps the gateway's gRPC service.</summary>
    public static GrpcServiceEndpointConventionBuilder MapAggregatorNode(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGrpcService<UpdateGateway>();

    private static void WidenWindows(KestrelServerOptions kestrel)
    {
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
    }
}
