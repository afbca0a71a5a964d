namespace Federated.AggregatorHost;

/// <summary>What a listening address is for.</summary>
internal enum NodeEndpoint
{
    /// <summary>Uploads of devices.</summary>
    Devices = 1,

    /// <summary>Partials of other nodes.</summary>
    Transfer,

    /// <summary>The sidecar's deliveries, and health.</summary>
    Control,
}
