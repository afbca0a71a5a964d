using Federated.Aggregation.Robust.Catalog;

namespace Federated.Simulation.Attacks;

/// <summary>What the catalogue says about an attack.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Summary">What the attackers send, with its source.</param>
/// <param name="Parameters">Its settings.</param>
public sealed record AttackDescription(string Name, string Summary, params IReadOnlyList<RuleParameter> Parameters);
