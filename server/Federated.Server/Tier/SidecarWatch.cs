using Dapr.Client;

namespace Federated.Server.Tier;

/// <summary>
/// Whether the server's own sidecar can be trusted to bring what nodes say: while it is away, all of them are silent, and none is lost.
/// </summary>
internal sealed class SidecarWatch(DaprClient client, TimeProvider time)
{
    private long _failedAt;

    /// <summary>Whether the sidecar answers, and has answered at every call since that time ago.</summary>
    public async Task<bool> IsReliableAsync(TimeSpan since, CancellationToken cancellationToken)
    {
        if (!await client.CheckOutboundHealthAsync(cancellationToken))
        {
            _failedAt = time.GetTimestamp();
            return false;
        }

        return _failedAt == 0 || time.GetElapsedTime(_failedAt) > since;
    }
}
