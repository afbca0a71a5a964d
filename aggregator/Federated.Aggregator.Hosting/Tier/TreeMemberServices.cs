using Federated.Aggregator.Tree;
using Federated.Protocol.Uploads;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>Makes a host with an aggregation node one of a tier of several.</summary>
public static class TreeMemberServices
{
    /// <summary>Adds the transfers between processes; the server, which only fetches, needs no more.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section <see cref="TreeMemberOptions.SectionName"/>.</param>
    public static IServiceCollection AddTierTransfers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TreeMemberOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new TierKey(provider.GetRequiredService<IOptions<TreeMemberOptions>>().Value.Key));
        services.TryAddSingleton<TierTransferClient>();
        return services;
    }

    /// <summary>Adds the node's part in the tier, on top of <c>AddAggregatorNode</c> and the host's event bus.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section <see cref="TreeMemberOptions.SectionName"/>.</param>
    public static IServiceCollection AddTreeMember(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTierTransfers(configuration);
        services.TryAddSingleton<IPartialTransport>(provider => provider.GetRequiredService<TierTransferClient>());
        services.TryAddSingleton<TreeMember>();
        services.AddHostedService<TreeMemberService>();
        services.AddGrpc().AddServiceOptions<PartialTransferService>(options => options.MaxReceiveMessageSize = UploadMethod.MaxChunkBytes + 1024);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<PartialTransferService>, PartialTransferMethods>());
        return services;
    }

    /// <summary>Maps the transfer service, on every endpoint of the host unless it is restricted.</summary>
    public static GrpcServiceEndpointConventionBuilder MapTreeMember(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGrpcService<PartialTransferService>();
}
