namespace Federated.Client.Identity;

/// <summary>A bearer token and when to replace it.</summary>
internal sealed record AccessToken(string Value, DateTimeOffset RefreshAt);
