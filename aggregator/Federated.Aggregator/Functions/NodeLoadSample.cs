namespace Federated.Aggregator.Functions;

/// <summary>How busy a node was between two samples.</summary>
/// <param name="ArrivalRate">k: updates stored per second.</param>
/// <param name="SecondsPerUpdate">E: mean seconds from stored to summed; 0 without an update.</param>
/// <param name="Summed">Updates summed.</param>
public readonly record struct NodeLoadSample(double ArrivalRate, double SecondsPerUpdate, long Summed);
