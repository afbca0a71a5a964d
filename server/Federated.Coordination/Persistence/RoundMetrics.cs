namespace Federated.Coordination.Persistence;

/// <summary>The figures of a closed round.</summary>
/// <param name="Assigned">Devices that were given the task.</param>
/// <param name="Counted">Updates that count.</param>
/// <param name="Failed">Assignments that failed or were silent.</param>
/// <param name="Weight">Sum of the counted updates' weights (examples).</param>
/// <param name="BytesUp">Payload bytes of the counted updates.</param>
/// <param name="BytesDown">Bytes of the model and the down-sections, times the devices assigned.</param>
/// <param name="TrainingLoss">Weighted mean of the local training losses; null when no device knew it.</param>
/// <param name="Loss">Mean evaluation loss; null for training rounds.</param>
/// <param name="Accuracy">Share of correct predictions, 0 to 1; null for training rounds.</param>
/// <param name="UpdateNorm">L2 norm of the aggregated delta; null for evaluations.</param>
public sealed record RoundMetrics(
    int Assigned,
    int Counted,
    int Failed,
    double Weight,
    long BytesUp,
    long BytesDown,
    double? TrainingLoss = null,
    double? Loss = null,
    double? Accuracy = null,
    double? UpdateNorm = null)
{
    /// <summary>L2 norm of what the devices' model lacks of the version that the round made; null without a compressed down-link.</summary>
    public double? DownError { get; init; }

    /// <summary>Clients whose last gradient is in the mean that the algorithm keeps; null for algorithms that keep none. Measured, and not stored.</summary>
    public int? Seen { get; init; }
}
