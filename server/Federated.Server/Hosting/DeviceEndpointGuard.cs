using Microsoft.AspNetCore.Connections.Features;

namespace Federated.Server.Hosting;

/// <summary>Keeps the address that faces devices free of everything but gRPC, so that it can be opened to the world alone.</summary>
internal static class DeviceEndpointGuard
{
    public static void UseDeviceEndpointGuard(this IApplicationBuilder app)
    {
        app.Use((context, next) =>
        {
            var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
            var isForDevices = items is not null && items.TryGetValue(typeof(EndpointRole), out var role) && role is EndpointRole.Devices;
            if (isForDevices && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return next(context);
        });
    }
}
