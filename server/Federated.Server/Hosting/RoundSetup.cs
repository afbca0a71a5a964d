using Federated.Aggregator;
using Federated.Aggregator.Hosting;
using Federated.Aggregator.Hosting.Trust;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Jobs;
using Federated.Coordination.Tier;
using Federated.Protocol.Tickets;
using Federated.Server.Configuration;
using Federated.Server.Identity;
using Federated.Server.Rounds;
using Federated.Server.Tier;
using Federated.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>The coordinators of the jobs, the aggregation tier, and the model store.</summary>
internal static class RoundSetup
{
    public static void AddRounds(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IBlobStore>(provider =>
            FileBlobStore.Open(provider.GetRequiredService<IOptions<DataOptions>>().Value.ModelDirectory));
        services.AddSingleton<IssuedTickets>();
        services.AddSingleton(provider => new TicketSigner(
            provider.GetRequiredService<ServerKeys>().TicketKey, ServerTrust.TicketKeyId, provider.GetRequiredService<IssuedTickets>()));
        services.AddSingleton(provider => new TicketVerifier(
            provider.GetRequiredService<ServerKeys>().TicketPublicKey, ServerTrust.TicketKeyId, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IssuedTickets>()));

        services.AddCoordination();
        services.AddOptions<CoordinationOptions>()
            .BindConfiguration(ConfigurationCatalogue.CoordinationSection)
            .ValidateDataAnnotations()
            .Validate(
                options => Devices.SdkVersions.IsWellFormed(options.MinimumSdkVersion),
                "Coordination:MinimumSdkVersion must read major.minor.patch.")
            .ValidateOnStart();
        services.AddOptions<CoordinationOptions>().PostConfigure<IOptions<DataOptions>>((coordination, data) =>
        {
            if (configuration[$"{ConfigurationCatalogue.CoordinationSection}:{nameof(CoordinationOptions.ExchangeFolder)}"] is null)
            {
                coordination.ExchangeFolder = data.Value.ExchangeDirectory;
            }
        });
        services.AddOptions<PlannerOptions>().BindConfiguration(PlannerOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<TierOptions>().BindConfiguration(TierOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RoundTrees>();
        services.AddHostedService(provider => provider.GetRequiredService<RoundTrees>());
        if (TierModeOf(configuration) == TierMode.Distributed)
        {
            services.AddDistributedTier(configuration);
        }
        else
        {
            services.AddEmbeddedNode(configuration);
        }
    }

    /// <summary>Maps the gateway of the embedded node, or what the sidecar of a distributed tier delivers.</summary>
    public static void MapTier(this WebApplication app)
    {
        if (TierModeOf(app.Configuration) == TierMode.Distributed)
        {
            app.MapDistributedTier();
        }
        else
        {
            app.MapAggregatorNode();
        }
    }

    private static TierMode TierModeOf(IConfiguration configuration)
    {
        return configuration.GetSection(TierOptions.Section).Get<TierOptions>()?.Mode ?? TierMode.Embedded;
    }

    private static void AddEmbeddedNode(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddAggregatorNode(configuration.GetSection(AggregatorNodeOptions.SectionName));
        services.AddOptions<AggregatorNodeOptions>().PostConfigure<IOptions<DataOptions>>((node, data) =>
        {
            if (configuration[$"{AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.Directory)}"] is null)
            {
                node.Directory = data.Value.NodeDirectory;
            }
        });
        services.AddSingleton<EmbeddedPlanner>();
        services.AddSingleton<IAggregationTier, EmbeddedAggregationTier>();
        services.AddHostedService<CoordinationService>();
    }
}
