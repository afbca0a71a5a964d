namespace Federated.Client;

/// <summary>
/// The one exception type of the SDK: something that the SDK cannot mend by itself. What passes by itself (lost connections, a full
/// server, a round that closed) never surfaces as an exception.
/// </summary>
public sealed class FederatedClientException : Exception
{
    /// <summary>An error of the given kind.</summary>
    /// <param name="reason">What to tell apart in code.</param>
    /// <param name="message">What happened and what to do, for a person.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public FederatedClientException(FederatedClientReason reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
    }

    /// <summary>What went wrong, for code that reacts to it.</summary>
    public FederatedClientReason Reason { get; }
}
