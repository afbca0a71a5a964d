using System.Collections.Immutable;
using Federated.Aggregator.Functions;

namespace Federated.Aggregator.Rounds;

/// <summary>A round at one node at this moment.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Stored">Updates that the node has or had in its pool.</param>
/// <param name="Summed">Of these, how many are in sums.</param>
/// <param name="Waiting">Of these, how many wait for a leaf.</param>
/// <param name="Functions">The functions of the tree inside the node.</param>
public sealed record NodeRoundView(string NodeId, int Stored, int Summed, int Waiting, ImmutableArray<FunctionView> Functions);
