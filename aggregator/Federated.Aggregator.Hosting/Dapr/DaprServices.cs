using Dapr;
using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>Puts the tier's events and state on Dapr.</summary>
public static class DaprServices
{
    /// <summary>Adds the event bus and the state store; a process without them has both in its own memory.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section <see cref="DaprOptions.SectionName"/>.</param>
    public static IServiceCollection AddDaprTier(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DaprOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddDaprClient((provider, builder) =>
        {
            DaprOptions options = provider.GetRequiredService<IOptions<DaprOptions>>().Value;
            if (options.HttpEndpoint is { } http)
            {
                builder.UseHttpEndpoint(http);
            }

            if (options.GrpcEndpoint is { } grpc)
            {
                builder.UseGrpcEndpoint(grpc);
            }
        });
        services.AddSingleton<SidecarOutages>();
        services.AddSingleton<SidecarCalls>();
        services.AddSingleton<InProcessEventBus>();
        services.AddSingleton<DaprEventBus>();
        services.Replace(ServiceDescriptor.Singleton<IEventBus>(provider => provider.GetRequiredService<DaprEventBus>()));
        services.Replace(ServiceDescriptor.Singleton<ITierState, DaprTierState>());
        return services;
    }

    /// <summary>
    /// Maps what the sidecar calls: the list of subscriptions and a route for each event type. The app must call
    /// <c>UseCloudEvents</c> before its endpoints.
    /// </summary>
    /// <param name="endpoints">The app.</param>
    /// <param name="types">Event types; see <see cref="TierTopics"/>.</param>
    public static IEndpointConventionBuilder MapDaprTier(this IEndpointRouteBuilder endpoints, IEnumerable<Type> types)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(types);
        DaprOptions options = endpoints.ServiceProvider.GetRequiredService<IOptions<DaprOptions>>().Value;
        RouteGroupBuilder group = endpoints.MapGroup("").AddEndpointFilter(new SidecarToken(endpoints.ServiceProvider.GetRequiredService<IConfiguration>()));
        foreach (Type type in types)
        {
            string topic = TierTopics.NameOf(options.Prefix, type);
            group.MapPost($"/events/{topic}", async (HttpRequest request, DaprEventBus bus, CancellationToken cancellationToken) =>
                    Answer(await bus.DeliverAsync(type, request.Body, cancellationToken)))
                .ExcludeFromDescription()
                .WithTopic(new TopicOptions { PubsubName = options.PubSub, Name = topic, DeadLetterTopic = TierTopics.DeadLetters(options.Prefix) });
        }

        group.MapSubscribeHandler().ExcludeFromDescription();
        return group;
    }

    private static IResult Answer(DeliveryAnswer answer) => Results.Json(new Dictionary<string, string>
    {
        ["status"] = answer switch
        {
            DeliveryAnswer.Success => "SUCCESS",
            DeliveryAnswer.Retry => "RETRY",
            _ => "DROP",
        },
    });
}
