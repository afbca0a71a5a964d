using Grpc.AspNetCore.Server.Model;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>Binds the calls of the transfer with their own marshallers.</summary>
internal sealed class PartialTransferMethods : IServiceMethodProvider<PartialTransferService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<PartialTransferService> context)
    {
        object[] metadata = typeof(PartialTransferService).GetCustomAttributes(inherit: true);
        context.AddClientStreamingMethod(
            TransferMethods.Send, metadata, static (service, frames, call) => service.SendPartial(frames, call));
        context.AddServerStreamingMethod(
            TransferMethods.Fetch(TransferMethods.AggregateName, sink: null), metadata,
            static (service, request, frames, call) => service.FetchAggregate(request, frames, call));
        context.AddServerStreamingMethod(
            TransferMethods.Fetch(TransferMethods.VerdictName, sink: null), metadata,
            static (service, request, frames, call) => service.FetchVerdict(request, frames, call));
        context.AddServerStreamingMethod(
            TransferMethods.Fetch(TransferMethods.KeptName, sink: null), metadata,
            static (service, request, frames, call) => service.FetchKept(request, frames, call));
        context.AddServerStreamingMethod(
            TransferMethods.Fetch(TransferMethods.RecoveryName, sink: null), metadata,
            static (service, request, frames, call) => service.FetchRecovery(request, frames, call));
    }
}
