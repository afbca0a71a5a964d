using Federated.Coordination.Persistence;
using Federated.Protocol.V1;
using Federated.Server.Database.Rows;

namespace Federated.Server.Rest.Contracts;

/// <summary>A round. The figures are null until it is closed.</summary>
/// <param name="Round">Training round, from 1; for evaluations the version that was examined.</param>
/// <param name="Kind">What the devices did.</param>
/// <param name="State">Open, closed or abandoned.</param>
/// <param name="BaseVersion">The model version that the devices started from.</param>
/// <param name="OpenedAt">When its first tasks were given out.</param>
/// <param name="Deadline">When reporting ends at the latest.</param>
/// <param name="ClosedAt">When it was committed or abandoned.</param>
/// <param name="Reason">Why it was abandoned.</param>
/// <param name="Assigned">Devices that were given the task.</param>
/// <param name="Counted">Updates that count.</param>
/// <param name="Failed">Tasks that failed or were silent.</param>
/// <param name="Weight">Examples behind the counted updates.</param>
/// <param name="BytesUp">Payload bytes of the counted updates.</param>
/// <param name="BytesDown">Bytes sent to the devices.</param>
/// <param name="TrainingLoss">Weighted mean of the local losses.</param>
/// <param name="Loss">Mean evaluation loss.</param>
/// <param name="Accuracy">Share of correct predictions, 0 to 1.</param>
/// <param name="UpdateNorm">L2 norm of the aggregated delta.</param>
/// <param name="DownError">L2 norm of what the devices' model lacks of the version that the round made; null without a compressed down-link.</param>
internal sealed record RoundView(
    int Round,
    TaskKind Kind,
    RoundState State,
    int BaseVersion,
    DateTimeOffset OpenedAt,
    DateTimeOffset Deadline,
    DateTimeOffset? ClosedAt,
    string? Reason,
    int? Assigned,
    int? Counted,
    int? Failed,
    double? Weight,
    long? BytesUp,
    long? BytesDown,
    double? TrainingLoss,
    double? Loss,
    double? Accuracy,
    double? UpdateNorm,
    double? DownError)
{
    public static RoundView Of(RoundRow row)
    {
        return new RoundView(
            row.Round, row.Kind, row.State, row.BaseVersion, row.OpenedAt, row.Deadline, row.ClosedAt, row.Reason, row.Assigned,
            row.Counted, row.Failed, row.Weight, row.BytesUp, row.BytesDown, row.TrainingLoss, row.Loss, row.Accuracy, row.UpdateNorm, row.DownError);
    }
}
