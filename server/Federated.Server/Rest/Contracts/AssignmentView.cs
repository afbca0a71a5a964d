using Federated.Coordination.Persistence;

namespace Federated.Server.Rest.Contracts;

/// <summary>A task of a round and what became of it. What compression did to a counted update is what its device tells.</summary>
internal sealed record AssignmentView(
    string AssignmentId,
    int Number,
    string DeviceId,
    string Role,
    DateTimeOffset AssignedAt,
    AssignmentDisposition Disposition,
    string? Reason,
    int? ModelVersion,
    double? Weight,
    int? LocalSteps,
    long? Bytes,
    double? TrainingLoss,
    double? TrainingSeconds,
    double? Coefficient,
    double? Trust,
    long? BytesDown,
    double? Contraction,
    double? ErrorNorm,
    long? Saturated);
