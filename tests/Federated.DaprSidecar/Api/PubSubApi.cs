using System.Net;
using System.Text.Json;
using Federated.DaprSidecar.Broker;
using Federated.DaprSidecar.Delivery;
using Grpc.Core;

namespace Federated.DaprSidecar.Api;

/// <summary>Publishing, behind both interfaces.</summary>
internal sealed class PubSubApi(SidecarApp app, SidecarOptions options, IMessageBroker broker, TimeProvider time)
{
    public async Task PublishAsync(Publication publication, CancellationToken cancellationToken)
    {
        Check(publication.PubSub, publication.Topic);
        await broker.PublishAsync(publication.Topic, Wrap(publication), cancellationToken);
    }

    public void Check(string pubSub, string topic)
    {
        if (pubSub != options.PubSub)
        {
            throw new ApiError(HttpStatusCode.NotFound, StatusCode.InvalidArgument, "ERR_PUBSUB_NOT_FOUND", $"pubsub {pubSub} is not found");
        }

        if (topic.Length == 0)
        {
            throw new ApiError(HttpStatusCode.NotFound, StatusCode.InvalidArgument, "ERR_TOPIC_EMPTY", $"topic is empty in pubsub {pubSub}");
        }
    }

    private byte[] Wrap(Publication publication)
    {
        try
        {
            return CloudEvents.Wrap(publication, app.Id, time);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ApiError(
                HttpStatusCode.BadRequest, StatusCode.InvalidArgument, "ERR_PUBSUB_CLOUD_EVENTS_SER", $"cannot read the cloudevent: {exception.Message}");
        }
    }
}
