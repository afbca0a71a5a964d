using Federated.Aggregation.Accumulators;

namespace Federated.Aggregator.Functions;

/// <summary>Updates that the leaves of a round sum together, each leaf the next piece of the parameter range.</summary>
/// <param name="Inputs">The updates; their payloads are released when the pass has ended.</param>
/// <param name="Pass">The pass over the sums.</param>
/// <param name="Degree">Cores that each leaf may use.</param>
/// <param name="Started">Time stamp of the beginning.</param>
internal sealed record LeafBatch(LeafInput[] Inputs, UpdatePass Pass, int Degree, long Started);
