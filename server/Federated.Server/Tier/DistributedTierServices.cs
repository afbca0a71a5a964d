using Federated.Aggregator.Hosting.Dapr;
using Federated.Aggregator.Hosting.State;
using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Tree;
using Federated.Coordination.Tier;
using Federated.Server.Rest;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Federated.Server.Tier;

/// <summary>Puts the server's aggregation on nodes of their own.</summary>
internal static class DistributedTierServices
{
    public static void AddDistributedTier(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTierTransfers(configuration.GetSection(TreeMemberOptions.SectionName));
        services.AddDaprTier(configuration.GetSection(DaprOptions.SectionName));
        services.TryAddSingleton<NodeRegistry>();
        services.AddSingleton<NodeDirectory>();
        services.AddSingleton<SidecarWatch>();
        services.AddSingleton<TierTransfers>();
        services.AddSingleton<TierParts>();
        services.AddSingleton<RevocationNews>();
        services.AddSingleton<DistributedAggregationTier>();
        services.AddSingleton<IAggregationTier>(provider => provider.GetRequiredService<DistributedAggregationTier>());
        services.AddHostedService<DistributedCoordinationService>();
    }

    /// <summary>Maps what the server's sidecar delivers.</summary>
    public static void MapDistributedTier(this WebApplication app)
    {
        app.UseCloudEvents();
        app.MapDaprTier(TierTopics.OfCoordinator);
        NodesApi.Map(app.MapGroup($"{RestApi.Prefix}/nodes").RequireAuthorization(RestApi.Policy).WithTags("Nodes"));
    }
}
