using System.Collections.Immutable;
using Federated.Protocol.Tier;

namespace Federated.Coordination.Hierarchy;

/// <summary>How an open round goes on when the loads of its nodes have changed.</summary>
/// <param name="Tree">The next revision: the same nodes in the same places, with other leaves.</param>
/// <param name="Later">Where clients go that have no assignment yet, in turn.</param>
public sealed record Replan(TreePlan Tree, ImmutableArray<NodeClients> Later);
