namespace Federated.Client;

/// <summary>
/// How calls to the server are tried again. Delays grow exponentially from <see cref="BaseDelay"/> to <see cref="MaxDelay"/> and are
/// spread at random; a delay that the server asks for takes precedence.
/// </summary>
public sealed class RetryOptions
{
    /// <summary>The first delay. 10 ms to 1 min; default 500 ms.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest delay that the SDK chooses itself. At least <see cref="BaseDelay"/>, at most 1 h; default 30 s.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a call is tried without any progress before it fails with <see cref="FederatedClientReason.ServerUnreachable"/>,
    /// counted from its first failure. At least <see cref="BaseDelay"/>, or <see cref="Timeout.InfiniteTimeSpan"/>; default 10 min.
    /// </summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How many calls to one address must fail within a minute, without one that succeeds as often, for the circuit breaker to open.
    /// 2 to 1000; default 5.
    /// </summary>
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long an open circuit breaker holds all calls to the address back. 500 ms to 10 min; default 15 s.</summary>
    public TimeSpan CircuitBreak { get; set; } = TimeSpan.FromSeconds(15);

    internal void Validate(OptionErrors errors)
    {
        errors.Range("Retry.BaseDelay", BaseDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        errors.Range("Retry.MaxDelay", MaxDelay, BaseDelay, TimeSpan.FromHours(1));
        if (GiveUpAfter != Timeout.InfiniteTimeSpan)
        {
            errors.Range("Retry.GiveUpAfter", GiveUpAfter, BaseDelay, TimeSpan.FromDays(30));
        }

        errors.Range("Retry.CircuitFailures", CircuitFailures, 2, 1000);
        errors.Range("Retry.CircuitBreak", CircuitBreak, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(10));
    }
}
