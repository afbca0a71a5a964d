namespace Federated.Server.Rest.Contracts;

/// <summary>An administrative act.</summary>
internal sealed record AuditView(long AuditId, DateTimeOffset At, string Actor, string Act, string Subject, string Detail);
