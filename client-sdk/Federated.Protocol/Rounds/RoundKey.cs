using Federated.Protocol.V1;

namespace Federated.Protocol.Rounds;

/// <summary>Names a round for ever.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="JobId">The job.</param>
/// <param name="Round">Training round, from 1; for other kinds the model version that is examined.</param>
/// <param name="Kind">What the devices do.</param>
public sealed record RoundKey(string TenantId, string JobId, int Round, TaskKind Kind)
{
    /// <summary>For logs and file names: <c>tenant.job.round.kind</c>.</summary>
    public override string ToString() => $"{TenantId}.{JobId}.{Round}.{Kind}";
}
