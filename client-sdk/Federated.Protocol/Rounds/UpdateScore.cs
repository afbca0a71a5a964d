namespace Federated.Protocol.Rounds;

/// <summary>How an aggregation rule judged an update that it had.</summary>
/// <param name="Coefficient">The aggregate is the sum of coefficient times update; null for rules that work coordinate by coordinate.</param>
/// <param name="Trust">The rule's own measure, larger for more trusted; comparable within a round. What it means is documented with the rules.</param>
public readonly record struct UpdateScore(double? Coefficient, double Trust);
