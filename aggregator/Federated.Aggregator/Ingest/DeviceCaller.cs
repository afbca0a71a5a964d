namespace Federated.Aggregator.Ingest;

/// <summary>The device that authenticated, as the bearer token names it.</summary>
public readonly record struct DeviceCaller(string TenantId, string DeviceId);
