namespace Federated.Aggregator.Functions;

/// <summary>How busy a node is, and was since the sample before.</summary>
/// <param name="ArrivalRate">k: updates stored per second since then.</param>
/// <param name="SecondsPerUpdate">E: mean seconds from stored to summed since then; 0 without an update.</param>
/// <param name="Waiting">Updates that wait for their sum now.</param>
/// <param name="IdleWorkers">Warm workers that wait for work now.</param>
public readonly record struct NodeLoadView(double ArrivalRate, double SecondsPerUpdate, int Waiting, int IdleWorkers);
