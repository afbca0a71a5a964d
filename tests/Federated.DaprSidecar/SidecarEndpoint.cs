namespace Federated.DaprSidecar;

/// <summary>Where an app finds its sidecar.</summary>
/// <param name="AppId">The app.</param>
/// <param name="Http">Base address of the HTTP interface.</param>
/// <param name="Grpc">Base address of the gRPC interface.</param>
public sealed record SidecarEndpoint(string AppId, string Http, string Grpc);
