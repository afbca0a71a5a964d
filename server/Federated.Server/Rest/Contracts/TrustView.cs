namespace Federated.Server.Rest.Contracts;

/// <summary>How the aggregation rule judged a counted update.</summary>
/// <param name="Round">The training round.</param>
/// <param name="Number">Position in the cohort, from 0.</param>
/// <param name="AssignmentId">Names the update.</param>
/// <param name="DeviceId">Who sent it.</param>
/// <param name="Trust">The rule's own measure, larger for more trusted; comparable within a round.</param>
/// <param name="Rank">Its place among the updates of the round: 0 for the least trusted, 1 for the most; equal measures share the lowest place.</param>
/// <param name="Coefficient">Its share in the aggregate; null for rules that work coordinate by coordinate.</param>
internal sealed record TrustView(int Round, int Number, string AssignmentId, string DeviceId, double Trust, double Rank, double? Coefficient);
