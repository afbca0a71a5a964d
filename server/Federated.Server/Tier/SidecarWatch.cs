using Dapr.Client;
using Federated.Aggregator.Hosting.Dapr;

namespace Federated.Server.Tier;

/// <summary>
/// Whether the server's own sidecar can be trusted to bring what nodes say: while it is away, all of them are silent, and none is lost.
/// </summary>
internal sealed class SidecarWatch(DaprClient client, SidecarOutages outages)
{
    /// <summary>Time stamp of the latest call that the sidecar did not answer; 0 for never.</summary>
    public long LatestOutage => outages.Latest;

    /// <summary>Whether the sidecar answers now.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        bool answers = await client.CheckOutboundHealthAsync(cancellationToken);
        if (!answers)
        {
            outages.Note();
        }

        return answers;
    }

    /// <summary>Whether the sidecar has answered every call for that long.</summary>
    public bool IsReliable(TimeSpan since) => outages.AreOver(since);
}
