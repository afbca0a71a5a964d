using System.Text.Json;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>A handler of one event type, whatever the type.</summary>
internal interface IDaprSubscription : IAsyncDisposable
{
    Type EventType { get; }

    /// <summary>Calls the handler and waits for it; what it throws makes the sidecar deliver the event again.</summary>
    Task DeliverAsync(JsonElement message, CancellationToken cancellationToken);
}
