namespace Federated.Simulation.Reports;

/// <summary>Wall-clock seconds and memory; they differ from run to run.</summary>
/// <param name="LoadSeconds">Reading and dealing the data.</param>
/// <param name="TrainSeconds">Rounds without evaluation.</param>
/// <param name="EvaluateSeconds">Evaluation.</param>
/// <param name="TotalSeconds">All of it.</param>
/// <param name="ClientUpdatesPerSecond">Client tasks a second of training.</param>
public sealed record Timings(double LoadSeconds, double TrainSeconds, double EvaluateSeconds, double TotalSeconds, double ClientUpdatesPerSecond)
{
    /// <summary>Peak bytes while the rounds ran: resident memory of the process with the data, or what was taken on the CUDA device.</summary>
    public long PeakBytes { get; init; }

    /// <summary>By how much that is above what was there before the first round.</summary>
    public long PeakGrowthBytes { get; init; }
}
