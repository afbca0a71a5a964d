using System.Collections.Immutable;
using Federated.Coordination.Hierarchy;

namespace Federated.Server.Tier;

/// <summary>Where assignments go that were made after a round was planned again.</summary>
/// <param name="From">The first number that it is for.</param>
/// <param name="Nodes">How many of them in turn go to each node.</param>
internal sealed record LaterPlacement(int From, ImmutableArray<NodeClients> Nodes);
