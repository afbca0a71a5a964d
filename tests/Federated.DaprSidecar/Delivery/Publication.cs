namespace Federated.DaprSidecar.Delivery;

/// <summary>What an app publishes.</summary>
internal sealed record Publication(
    string PubSub, string Topic, ReadOnlyMemory<byte> Data, string ContentType, IReadOnlyDictionary<string, string> Metadata);
