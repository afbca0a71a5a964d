namespace Federated.Server.Database.Rows;

/// <summary>An enrolled device.</summary>
internal sealed class DeviceRow
{
    public required string TenantId { get; init; }

    public required string DeviceId { get; init; }

    /// <summary>SubjectPublicKeyInfo (DER) of an ECDSA P-256 key.</summary>
    public required byte[] PublicKey { get; init; }

    public required string DisplayName { get; init; }

    public required string SdkVersion { get; init; }

    public required DateTimeOffset EnrolledAt { get; init; }

    /// <summary>The enrolment token that admitted the device.</summary>
    public required string EnrolmentTokenId { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }
}
