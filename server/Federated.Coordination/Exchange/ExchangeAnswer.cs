namespace Federated.Coordination.Exchange;

/// <summary>The answer to a call: a reply, a refusal, or neither when the job's coordinator is away and the device shall try again.</summary>
/// <param name="Reply">The reply.</param>
/// <param name="Refusal">The refusal.</param>
public readonly record struct ExchangeAnswer<T>(T? Reply, ExchangeRefusal? Refusal = null)
    where T : class;
