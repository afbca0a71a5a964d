namespace Federated.Aggregation.Robust.Gram;

/// <summary>How a round was aggregated by a Gram rule, one entry per update that was handed in.</summary>
/// <param name="Coefficients">Share of each update; 0 for those dropped.</param>
/// <param name="Trust">The rule's judgement; 0 for those dropped.</param>
/// <param name="Dropped">Updates with a NaN or an infinity, which no rule gets to see.</param>
public sealed record GramAggregate(double[] Coefficients, double[] Trust, IReadOnlyList<int> Dropped);
