using System.Text.Json;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>
/// The data of a CloudEvent. <see cref="Id"/> is ours: it is the same however often the event is delivered, also where a broker
/// gives each delivery a new CloudEvent id, and differs when the publisher sends the same fact again on purpose.
/// </summary>
internal sealed record TierMessage(string Id, JsonElement Event)
{
    /// <summary>The most bytes of a message: events are claim checks, and brokers are made for small messages.</summary>
    public const int MaxBytes = 64 * 1024;
}
