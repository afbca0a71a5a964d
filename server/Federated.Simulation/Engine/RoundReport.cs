namespace Federated.Simulation.Engine;

/// <summary>The figures of one round.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Accuracy">Share of right predictions on the test part, 0 to 1; null when the round was not evaluated.</param>
/// <param name="Loss">Mean test loss in nats; null when the round was not evaluated.</param>
/// <param name="TrainingLoss">Mean loss of the local batches in nats, weighted by examples; null when nobody trained.</param>
/// <param name="Selected">Clients that were given a task.</param>
/// <param name="Counted">Updates in the aggregate.</param>
/// <param name="Failed">Clients that gave up, diverged or vanished.</param>
/// <param name="Examples">Examples behind the counted updates.</param>
/// <param name="BytesUp">Bytes that the clients uploaded.</param>
/// <param name="BytesDown">Bytes that the clients downloaded.</param>
/// <param name="UpdateNorm">L2 norm of the aggregated difference; null without one.</param>
/// <param name="Abandoned">Why the round made no model; null when it made one.</param>
/// <param name="Seconds">Wall-clock seconds, evaluation included.</param>
/// <param name="Scores">How the aggregation rule judged each counted update; empty under the mean.</param>
/// <param name="Compression">What compression did to each counted update; empty when updates are dense.</param>
public sealed record RoundReport(
    int Round,
    double? Accuracy,
    double? Loss,
    double? TrainingLoss,
    int Selected,
    int Counted,
    int Failed,
    double Examples,
    long BytesUp,
    long BytesDown,
    double? UpdateNorm,
    string? Abandoned,
    double Seconds,
    IReadOnlyList<ClientScore> Scores,
    IReadOnlyList<ClientCompression> Compression)
{
    /// <summary>Gradients of single examples that the clients computed, also those whose update was not counted: the computation of the round, whatever the algorithm.</summary>
    public long Gradients { get; init; }

    /// <summary>The slopes of a round of one-byte exchange; null for other algorithms.</summary>
    public SlopeReport? Slopes { get; init; }
}
