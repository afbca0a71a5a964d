namespace Federated.Server.Database.Rows;

/// <summary>An administrative act.</summary>
internal sealed class AuditRow
{
    public required string TenantId { get; init; }

    public long AuditId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Who acted: the name of the administrator's credential.</summary>
    public required string Actor { get; init; }

    /// <summary>A stable name such as "device.revoke".</summary>
    public required string Act { get; init; }

    /// <summary>What was acted on, such as a device id.</summary>
    public required string Subject { get; init; }

    public required string Detail { get; init; }
}
