using Federated.Aggregation.Robust.Coordinates;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>What a rule makes of the vectors that it sees.</summary>
/// <param name="Trust">Its judgement of each; null when it has none before the aggregate is known.</param>
/// <param name="Coefficients">The aggregate is a weighted sum; null when it is a reduction.</param>
/// <param name="Reduction">The aggregate is a reduction of each coordinate; null when it is a weighted sum.</param>
/// <param name="Chosen">The vectors that are reduced; null for all.</param>
internal sealed record RuleChoice(double[]? Trust, double[]? Coefficients = null, CoordinateRule? Reduction = null, int[]? Chosen = null);
