namespace Federated.Aggregation.Robust.Catalog;

/// <summary>How a round was aggregated; one entry per update that was handed in.</summary>
/// <param name="Coefficients">The aggregate is <c>Σ coefficient_i · update_i</c>; 0 for those dropped. Null when the rule reduces coordinates.</param>
/// <param name="Scores">The rule's judgement (see <see cref="RuleDescription.Score"/>); higher is better. 0 for those dropped.</param>
/// <param name="Dropped">Updates with a NaN or an infinity, which no rule gets to see; each counts as one of the f.</param>
public sealed record RobustAggregate(double[]? Coefficients, double[] Scores, IReadOnlyList<int> Dropped);
