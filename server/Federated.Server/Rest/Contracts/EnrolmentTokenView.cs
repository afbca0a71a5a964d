namespace Federated.Server.Rest.Contracts;

/// <summary>An enrolment token, without its secret.</summary>
internal sealed record EnrolmentTokenView(
    string TokenId, string Description, int UsesLeft, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt);
