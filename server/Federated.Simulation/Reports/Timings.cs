namespace Federated.Simulation.Reports;

/// <summary>Wall-clock seconds; they differ from run to run.</summary>
/// <param name="LoadSeconds">Reading and dealing the data.</param>
/// <param name="TrainSeconds">Rounds without evaluation.</param>
/// <param name="EvaluateSeconds">Evaluation.</param>
/// <param name="TotalSeconds">All of it.</param>
/// <param name="ClientUpdatesPerSecond">Client tasks a second of training.</param>
public sealed record Timings(double LoadSeconds, double TrainSeconds, double EvaluateSeconds, double TotalSeconds, double ClientUpdatesPerSecond);
