namespace Federated.Client.Identity;

/// <summary>What the server knows an enrolled device by. Not secret.</summary>
/// <param name="DeviceId">The identifier that the server gave.</param>
/// <param name="TenantId">The tenant that the enrolment token belonged to.</param>
/// <param name="Server">Address of the server at enrolment, for people who look at the store.</param>
public sealed record DeviceIdentity(string DeviceId, string TenantId, string Server);
