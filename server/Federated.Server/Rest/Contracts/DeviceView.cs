namespace Federated.Server.Rest.Contracts;

/// <summary>An enrolled device.</summary>
internal sealed record DeviceView(
    string DeviceId, string DisplayName, string SdkVersion, DateTimeOffset EnrolledAt, string EnrolmentTokenId, DateTimeOffset? RevokedAt);
