using Federated.Coordination.Persistence;
using Federated.Protocol.V1;

namespace Federated.Server.Database.Statements;

/// <summary>What a commit says of an assignment.</summary>
internal sealed record AssignmentFate(
    string TenantId,
    string JobId,
    int Round,
    TaskKind Kind,
    string AssignmentId,
    AssignmentDisposition Disposition,
    string? Reason,
    int? ModelVersion);
