using Federated.Protocol.V1;

namespace Federated.Server.Rest.Contracts;

/// <summary>The figures of a closed round, for curves.</summary>
internal sealed record RoundMetricsView(
    int Round,
    TaskKind Kind,
    DateTimeOffset ClosedAt,
    double Seconds,
    int Assigned,
    int Counted,
    int Failed,
    double Weight,
    long BytesUp,
    long BytesDown,
    double? TrainingLoss,
    double? Loss,
    double? Accuracy,
    double? UpdateNorm,
    double? DownError);
