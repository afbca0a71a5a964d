namespace Federated.Server.Rest.Contracts;

/// <summary>A fresh enrolment token. The secret is shown this once.</summary>
internal sealed record CreatedEnrolmentToken(string TokenId, string Token, int Uses, DateTimeOffset ExpiresAt);
