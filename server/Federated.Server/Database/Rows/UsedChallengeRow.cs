namespace Federated.Server.Database.Rows;

/// <summary>A challenge that was answered; kept until it would expire anyway, so that it cannot be replayed.</summary>
internal sealed class UsedChallengeRow
{
    public required string TenantId { get; init; }

    public required byte[] Nonce { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}
