using Grpc.Core;

namespace Federated.Client.Calls;

/// <summary>What one attempt of a call works with.</summary>
internal sealed class CallAttempt(Metadata headers, StallWatch watch, RetryBudget budget)
{
    public Metadata Headers { get; } = headers;

    /// <summary>Cancelled by the caller, or when the attempt stands still.</summary>
    public CancellationToken Token => watch.Token;

    /// <summary>What came before the call itself does not count as standing still.</summary>
    public void Begin() => watch.Progress();

    /// <summary>Bytes moved: the attempt does not stand still, and the server is there.</summary>
    public void Progress()
    {
        watch.Progress();
        budget.Progress();
    }
}
