using Federated.Aggregator;
using Federated.Aggregator.Hosting;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Jobs;
using Federated.Coordination.Tier;
using Federated.Protocol.Tickets;
using Federated.Server.Configuration;
using Federated.Server.Identity;
using Federated.Server.Rounds;
using Federated.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>The coordinators of the jobs, the embedded aggregation node, and the model store.</summary>
internal static class RoundSetup
{
    private const string TicketKeyId = "server";

    public static void AddRounds(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IBlobStore>(provider =>
            FileBlobStore.Open(provider.GetRequiredService<IOptions<DataOptions>>().Value.ModelDirectory));
        services.AddSingleton(provider => new TicketSigner(provider.GetRequiredService<ServerKeys>().TicketKey, TicketKeyId));
        services.AddSingleton(provider => new TicketVerifier(
            provider.GetRequiredService<ServerKeys>().TicketPublicKey, TicketKeyId, provider.GetRequiredService<TimeProvider>()));

        services.AddAggregatorNode(configuration.GetSection(AggregatorNodeOptions.SectionName));
        services.AddOptions<AggregatorNodeOptions>().PostConfigure<IOptions<DataOptions>>((node, data) =>
        {
            if (configuration[$"{AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.Directory)}"] is null)
            {
                node.Directory = data.Value.NodeDirectory;
            }
        });

        services.AddCoordination();
        services.AddOptions<CoordinationOptions>()
            .BindConfiguration(ConfigurationCatalogue.CoordinationSection)
            .ValidateDataAnnotations()
            .Validate(
                options => Devices.SdkVersions.IsWellFormed(options.MinimumSdkVersion),
                "Coordination:MinimumSdkVersion must read major.minor.patch.")
            .ValidateOnStart();
        services.AddOptions<PlannerOptions>().BindConfiguration(PlannerOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RoundTrees>();
        services.AddHostedService(provider => provider.GetRequiredService<RoundTrees>());
        services.AddSingleton<EmbeddedPlanner>();
        services.AddSingleton<IAggregationTier, EmbeddedAggregationTier>();
        services.AddHostedService<CoordinationService>();
    }
}
