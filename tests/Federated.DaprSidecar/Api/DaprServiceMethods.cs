using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Federated.DaprSidecar.Api;

/// <summary>Binds Dapr's methods by hand: the package of Dapr's messages brings a client but no server base class.</summary>
internal sealed class DaprServiceMethods : IServiceMethodProvider<DaprService>
{
    private const string ServiceName = "dapr.proto.runtime.v1.Dapr";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DaprService> context)
    {
        Add<PublishEventRequest, Empty>(context, "PublishEvent", static (service, request, call) => service.PublishEvent(request, call));
        Add<BulkPublishRequest, BulkPublishResponse>(context, "BulkPublishEvent", static (service, request, call) => service.BulkPublish(request, call));
        Add<BulkPublishRequest, BulkPublishResponse>(context, "BulkPublishEventAlpha1", static (service, request, call) => service.BulkPublish(request, call));
        Add<GetStateRequest, GetStateResponse>(context, "GetState", static (service, request, call) => service.GetState(request, call));
        Add<GetBulkStateRequest, GetBulkStateResponse>(context, "GetBulkState", static (service, request, call) => service.GetBulkState(request, call));
        Add<SaveStateRequest, Empty>(context, "SaveState", static (service, request, call) => service.SaveState(request, call));
        Add<DeleteStateRequest, Empty>(context, "DeleteState", static (service, request, call) => service.DeleteState(request, call));
        Add<DeleteBulkStateRequest, Empty>(context, "DeleteBulkState", static (service, request, call) => service.DeleteBulkState(request, call));
        Add<ExecuteStateTransactionRequest, Empty>(
            context, "ExecuteStateTransaction", static (service, request, call) => service.ExecuteStateTransaction(request, call));
        Add<GetMetadataRequest, GetMetadataResponse>(context, "GetMetadata", static (service, request, call) => service.GetMetadata(request, call));
        Add<ShutdownRequest, Empty>(context, "Shutdown", static (service, request, call) => service.Shutdown(request, call));
    }

    private static void Add<TRequest, TResponse>(
        ServiceMethodProviderContext<DaprService> context, string name, Func<DaprService, TRequest, ServerCallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, ServiceName, name, MarshallerOf<TRequest>(), MarshallerOf<TResponse>());
        context.AddUnaryMethod(method, [], async (service, request, call) =>
        {
            try
            {
                return await handler(service, request, call);
            }
            catch (ApiError error)
            {
                throw error.ToRpcException();
            }
        });
    }

    private static Marshaller<T> MarshallerOf<T>()
        where T : class, IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return Marshallers.Create(message => message.ToByteArray(), parser.ParseFrom);
    }
}
