namespace Federated.Simulation.Engine;

/// <summary>How the aggregation rule judged a client's update in a round.</summary>
/// <param name="Client">The client's name.</param>
/// <param name="Coefficient">Its share: the aggregate is the sum of coefficient times update; null for rules that work coordinate by coordinate.</param>
/// <param name="Trust">The rule's own measure, larger for more trusted; comparable within a round.</param>
/// <param name="Byzantine">Whether it was one of the simulation's attackers.</param>
public sealed record ClientScore(string Client, double? Coefficient, double Trust, bool Byzantine);
