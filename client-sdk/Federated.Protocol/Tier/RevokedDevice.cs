namespace Federated.Protocol.Tier;

/// <summary>A device whose access tokens are good no more.</summary>
/// <param name="TenantId">Its tenant.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="ForgetAfter">Unix milliseconds from which on every token of the device has expired anyhow.</param>
public sealed record RevokedDevice(string TenantId, string DeviceId, long ForgetAfter);
