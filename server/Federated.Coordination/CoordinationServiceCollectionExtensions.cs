using Federated.Coordination.Algorithms;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Tickets;
using Federated.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the coordination of jobs.</summary>
public static class CoordinationServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="JobDirectory"/>. The host adds <see cref="IJobStore"/>, <see cref="IAggregationTier"/>, <see cref="IBlobStore"/> and
    /// <see cref="TicketSigner"/>, binds and validates <see cref="CoordinationOptions"/>, and starts and stops the directory.
    /// </summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddCoordination(this IServiceCollection services)
    {
        services.AddOptions<CoordinationOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(ServerAlgorithms.BuiltIn);
        services.TryAddSingleton<CoordinationMetrics>();
        services.TryAddSingleton(provider => new JobDirectory(
            new CoordinatorServices(
                provider.GetRequiredService<IJobStore>(),
                provider.GetRequiredService<IAggregationTier>(),
                provider.GetRequiredService<IBlobStore>(),
                provider.GetRequiredService<ServerAlgorithms>(),
                provider.GetRequiredService<TicketSigner>(),
                provider.GetRequiredService<IOptions<CoordinationOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<CoordinationMetrics>()),
            provider.GetRequiredService<ILoggerFactory>()));
        return services;
    }
}
