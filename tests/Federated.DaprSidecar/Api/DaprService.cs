using Dapr.Client.Autogen.Grpc.v1;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.State;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Federated.DaprSidecar.Api;

/// <summary>Dapr's gRPC interface, as far as pub/sub, state, metadata and shutdown go.</summary>
internal sealed class DaprService(
    PubSubApi pubSub, StateApi state, SidecarApp app, DeliveryService delivery, IHostApplicationLifetime lifetime)
{
    public async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        await pubSub.PublishAsync(
            new Publication(request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType, Plain(request.Metadata)),
            context.CancellationToken);
        return new Empty();
    }

    public async Task<BulkPublishResponse> BulkPublish(BulkPublishRequest request, ServerCallContext context)
    {
        pubSub.Check(request.PubsubName, request.Topic);
        var response = new BulkPublishResponse();
        foreach (BulkPublishRequestEntry entry in request.Entries)
        {
            try
            {
                await pubSub.PublishAsync(
                    new Publication(request.PubsubName, request.Topic, entry.Event.Memory, entry.ContentType, Plain([.. request.Metadata, .. entry.Metadata])),
                    context.CancellationToken);
            }
            catch (ApiError error)
            {
                response.FailedEntries.Add(new BulkPublishResponseFailedEntry { EntryId = entry.EntryId, Error = error.Message });
            }
        }

        return response;
    }

    public async Task<GetStateResponse> GetState(GetStateRequest request, ServerCallContext context)
    {
        StateEntry? entry = await state.FindAsync(request.StoreName, request.Key, context.CancellationToken);
        return entry is null
            ? new GetStateResponse()
            : new GetStateResponse { Data = UnsafeByteOperations.UnsafeWrap(entry.Value), Etag = entry.ETag };
    }

    public async Task<GetBulkStateResponse> GetBulkState(GetBulkStateRequest request, ServerCallContext context)
    {
        var response = new GetBulkStateResponse();
        foreach (string key in request.Keys)
        {
            StateEntry? entry = await state.FindAsync(request.StoreName, key, context.CancellationToken);
            response.Items.Add(new BulkStateItem { Key = key, Data = ByteString.CopyFrom(entry?.Value ?? []), Etag = entry?.ETag ?? "" });
        }

        return response;
    }

    public async Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context)
    {
        await state.ApplyEachAsync(request.StoreName, request.States.Select(Write), context.CancellationToken);
        return new Empty();
    }

    public async Task<Empty> DeleteState(DeleteStateRequest request, ServerCallContext context)
    {
        await state.ApplyAsync(request.StoreName, [new StateChange(request.Key, null, request.Etag?.Value, false)], context.CancellationToken);
        return new Empty();
    }

    public async Task<Empty> DeleteBulkState(DeleteBulkStateRequest request, ServerCallContext context)
    {
        await state.ApplyEachAsync(request.StoreName, request.States.Select(Delete), context.CancellationToken);
        return new Empty();
    }

    public async Task<Empty> ExecuteStateTransaction(ExecuteStateTransactionRequest request, ServerCallContext context)
    {
        StateChange[] changes = [.. request.Operations.Select(operation => operation.OperationType switch
        {
            "upsert" => Write(operation.Request),
            "delete" => Delete(operation.Request),
            _ => throw new RpcException(new Status(StatusCode.Unimplemented, $"operation type {operation.OperationType} not supported")),
        })];
        await state.ApplyAsync(request.StoreName, changes, context.CancellationToken);
        return new Empty();
    }

    public Task<GetMetadataResponse> GetMetadata(GetMetadataRequest request, ServerCallContext context)
    {
        var response = new GetMetadataResponse { Id = app.Id, RuntimeVersion = "development" };
        response.Subscriptions.AddRange(delivery.Subscriptions.Select(subscription => new PubsubSubscription
        {
            PubsubName = subscription.PubSubName,
            Topic = subscription.Topic,
            DeadLetterTopic = subscription.DeadLetterTopic ?? "",
        }));
        return Task.FromResult(response);
    }

    public Task<Empty> Shutdown(ShutdownRequest request, ServerCallContext context)
    {
        lifetime.StopApplication();
        return Task.FromResult(new Empty());
    }

    private static StateChange Write(StateItem item) => new(
        item.Key, item.Value.ToByteArray(), item.Etag?.Value, item.Options?.Concurrency == StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite);

    private static StateChange Delete(StateItem item) => new(item.Key, null, item.Etag?.Value, false);

    private static Dictionary<string, string> Plain(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var plain = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string value) in metadata)
        {
            plain[key] = value;
        }

        return plain;
    }
}
