using Microsoft.AspNetCore.Connections.Features;

namespace Federated.AggregatorHost;

/// <summary>Keeps each listening address to what it is for, so that the one for devices can be opened to the world alone.</summary>
internal static class EndpointGuard
{
    /// <summary>Restricts an endpoint of the app to an address.</summary>
    public static TBuilder OnlyOn<TBuilder>(this TBuilder endpoint, NodeEndpoint address)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(address);

    public static void UseEndpointGuard(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        IDictionary<object, object?>? items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        object? wanted = context.GetEndpoint()?.Metadata.FirstOrDefault(entry => entry is NodeEndpoint);
        if (wanted is not null && (items is null || !items.TryGetValue(typeof(NodeEndpoint), out object? present) || !wanted.Equals(present)))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    });
}
