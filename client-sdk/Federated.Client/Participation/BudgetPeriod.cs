namespace Federated.Client.Participation;

/// <summary>What is spent of a budget.</summary>
/// <param name="Begins">When the period began.</param>
/// <param name="Bytes">Bytes received and sent since.</param>
/// <param name="Work">Time of local work since.</param>
internal sealed record BudgetPeriod(DateTimeOffset Begins, long Bytes, TimeSpan Work);
