using Federated.Coordination.Persistence;

namespace Federated.Server.Database.Statements;

/// <summary>What a guarded write says of its job.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="JobId">The job.</param>
/// <param name="WriterEpoch">Of the lease; the write changes nothing under another one.</param>
/// <param name="CurrentVersion">The version that becomes current.</param>
/// <param name="Status">The job's status.</param>
/// <param name="StatusReason">Why.</param>
internal sealed record JobWrite(
    string TenantId, string JobId, long WriterEpoch, int CurrentVersion = 0, JobStatus Status = default, string? StatusReason = null);
