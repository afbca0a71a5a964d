namespace Federated.Aggregation.Robust.Catalog;

/// <summary>What the catalogue says about a rule or a pre-aggregation.</summary>
/// <param name="Name">Its name in a job definition.</param>
/// <param name="Family">What it needs.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Needs">What it demands of n updates with f Byzantine ones.</param>
/// <param name="Score">What its score of an update means; empty for a pre-aggregation.</param>
/// <param name="Parameters">Its settings, beside f.</param>
public sealed record RuleDescription(
    string Name, RuleFamily Family, string Summary, string Needs, string Score, params IReadOnlyList<RuleParameter> Parameters);
