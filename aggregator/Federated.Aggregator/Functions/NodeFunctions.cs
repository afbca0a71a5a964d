using Federated.Aggregator.Workers;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>What the rounds of a node share: the warm workers, how many of them sum one round, the partials with their memory, and what is measured.</summary>
internal sealed record NodeFunctions(
    WorkerPool Workers, int LeavesPerRound, FunctionRegistry Registry, NodeLoadMeter Load, AggregatorMetrics Metrics, TimeProvider Time, ILogger Logger);
