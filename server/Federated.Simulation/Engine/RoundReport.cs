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

    /// <summary>L2 norm of what the clients' model lacks of the one that the round made; null without a compressed down-link, and when the round made no model.</summary>
    public double? DownError { get; init; }

    /// <summary>Clients whose last gradient is in the mean that the algorithm keeps; null for algorithms that keep none.</summary>
    public int? Seen { get; init; }

    /// <summary>Version of the mask of the model that the round has made; null for a dense model.</summary>
    public long? MaskEpoch { get; init; }

    /// <summary>Which kernels the clients trained with: <c>sparse</c> or <c>dense</c>; null for a dense model.</summary>
    public string? Kernels { get; init; }

    /// <summary>The slopes of a round of one-byte exchange; null for other algorithms.</summary>
    public SlopeReport? Slopes { get; init; }

    /// <summary>Bins of <see cref="Staleness"/>; the last one holds all that are staler.</summary>
    public const int StalenessBins = 101;

    /// <summary>Simulated seconds from the start of the run to the end of the round; null when the run has no devices.</summary>
    public double? SimulatedSeconds { get; init; }

    /// <summary>Simulated seconds that the devices of the round were busy, also those whose update was not counted; null when the run has no devices.</summary>
    public double? ClientSeconds { get; init; }

    /// <summary>Counted updates by staleness, from 0; empty for algorithms with rounds.</summary>
    public IReadOnlyList<int> Staleness { get; init; } = [];

    /// <summary>Counts by staleness, without empty bins at the end.</summary>
    internal static int[] HistogramOf(IEnumerable<long> staleness)
    {
        var bins = new List<int>();
        foreach (long value in staleness)
        {
            int bin = (int)Math.Min(value, StalenessBins - 1);
            while (bins.Count <= bin)
            {
                bins.Add(0);
            }

            bins[bin]++;
        }

        return [.. bins];
    }
}
