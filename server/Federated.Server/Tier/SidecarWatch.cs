using Dapr.Client;

namespace Federated.Server.Tier;

/// <summary>
/// Whether the server's own sidecar can be trusted to bring what nodes say: while it is away, all of them are silent, and none is lost.
/// </summary>
internal sealed class SidecarWatch(DaprClient client, TimeProvider time)
{
    private long _failedAt;

    /// <summary>Whether the sidecar answers now.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        bool answers = await client.CheckOutboundHealthAsync(cancellationToken);
        if (!answers)
        {
            _failedAt = time.GetTimestamp();
        }

        return answers;
    }

    /// <summary>Whether the sidecar has answered at every call for that long.</summary>
    public bool IsReliable(TimeSpan since) => _failedAt == 0 || time.GetElapsedTime(_failedAt) > since;
}
