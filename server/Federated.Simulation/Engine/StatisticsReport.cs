using Federated.Coordination.Algorithms.Statistics;

namespace Federated.Simulation.Engine;

/// <summary>One taking of statistics.</summary>
/// <param name="Version">The round that made the model under which they were taken; 0 for the initial one.</param>
/// <param name="Selected">Clients that were asked.</param>
/// <param name="Counted">Clients whose sums are in the result.</param>
/// <param name="BytesUp">Bytes that the clients uploaded.</param>
/// <param name="BytesDown">Bytes that the clients downloaded.</param>
/// <param name="Pooled">The result; null when nobody answered.</param>
public sealed record StatisticsReport(int Version, int Selected, int Counted, long BytesUp, long BytesDown, PooledStatistics? Pooled);
