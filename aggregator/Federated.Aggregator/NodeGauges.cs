using Federated.Storage.Slots;

namespace Federated.Aggregator;

/// <summary>What the node has at this moment, for its gauges.</summary>
internal sealed record NodeGauges(SlotPoolStatistics Slots, int Waiting, int Workers, int IdleWorkers, int Partials);
