namespace Federated.Coordination.Persistence;

/// <summary>Names a job.</summary>
/// <param name="TenantId">The tenant, <c>default</c> unless several share the server.</param>
/// <param name="JobId">Unique within the tenant.</param>
public readonly record struct JobKey(string TenantId, string JobId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{TenantId}/{JobId}";
}
