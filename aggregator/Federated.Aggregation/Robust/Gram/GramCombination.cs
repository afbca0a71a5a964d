namespace Federated.Aggregation.Robust.Gram;

/// <summary>What a Gram rule found.</summary>
/// <param name="Coefficients">The aggregate is <c>Σ coefficient_i · update_i</c>.</param>
/// <param name="Trust">One number per update that tells how the rule judged it; its meaning is the rule's own.</param>
public sealed record GramCombination(double[] Coefficients, double[] Trust);
