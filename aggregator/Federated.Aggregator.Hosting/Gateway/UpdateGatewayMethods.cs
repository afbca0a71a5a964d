using Grpc.AspNetCore.Server.Model;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>Binds the gateway's one method with its own marshaller in place of the generated one.</summary>
internal sealed class UpdateGatewayMethods : IServiceMethodProvider<UpdateGateway>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<UpdateGateway> context) =>
        context.AddClientStreamingMethod(
            IncomingFrames.Method,
            [.. typeof(UpdateGateway).GetCustomAttributes(inherit: true)],
            static (gateway, frames, call) => gateway.UploadUpdate(frames, call));
}
