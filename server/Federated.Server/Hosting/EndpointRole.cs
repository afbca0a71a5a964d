namespace Federated.Server.Hosting;

/// <summary>Whom a listening address serves.</summary>
internal enum EndpointRole
{
    /// <summary>REST for administrators.</summary>
    Administration,

    /// <summary>gRPC for devices.</summary>
    Devices,
}
