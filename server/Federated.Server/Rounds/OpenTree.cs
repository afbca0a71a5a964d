using Federated.Aggregator.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Rounds;

/// <summary>The tree of an open round, and a look at its nodes.</summary>
internal sealed record OpenTree(TreePlan Tree, Func<IReadOnlyList<NodeRoundView>> View);
