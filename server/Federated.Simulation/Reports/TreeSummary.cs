using Federated.Protocol.Tier;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>The aggregation tree of the last round, and what its functions did in all rounds.</summary>
public sealed record TreeSummary(IReadOnlyList<TreeNode> Nodes, int UpdatesPerLeaf, string Hash, TreeFigures Figures);
