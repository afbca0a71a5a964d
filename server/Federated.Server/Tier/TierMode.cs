namespace Federated.Server.Tier;

/// <summary>Where updates are aggregated.</summary>
internal enum TierMode
{
    /// <summary>By one node inside the server.</summary>
    Embedded,

    /// <summary>By processes of Federated.AggregatorHost, reached through Dapr.</summary>
    Distributed,
}
