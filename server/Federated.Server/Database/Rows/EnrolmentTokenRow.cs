namespace Federated.Server.Database.Rows;

/// <summary>The right to enrol a number of devices. The secret itself is never stored.</summary>
internal sealed class EnrolmentTokenRow
{
    public required string TenantId { get; init; }

    public required string TokenId { get; init; }

    /// <summary>SHA-256 of the secret; the secret has 256 random bits, so no slow hash is needed.</summary>
    public required byte[] SecretHash { get; init; }

    public required string Description { get; init; }

    public required int UsesLeft { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }
}
