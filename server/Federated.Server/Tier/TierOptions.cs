using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Federated.Server.Tier;

/// <summary>The aggregation tier as the server sees it.</summary>
internal sealed class TierOptions
{
    public const string Section = "Tier";

    [Description("Where updates are aggregated: `Embedded`, by one node inside the server, or `Distributed`, by processes of Federated.AggregatorHost over Dapr.")]
    public TierMode Mode { get; set; } = TierMode.Embedded;

    [Range(typeof(TimeSpan), "00:00:00.2", "01:00:00")]
    [Description("Distributed: silence after which a node that has work in an open round counts as lost. Nodes give a sign of life every 2 seconds then.")]
    public TimeSpan NodeLossAfter { get; set; } = TimeSpan.FromSeconds(8);

    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    [Description("Distributed: time after which a command that a node has not answered is sent again.")]
    public TimeSpan RepeatAfter { get; set; } = TimeSpan.FromSeconds(1);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    [Description("Distributed: how long a closing round waits for the partials of nodes that live, for example while the network between two of them is cut; then it closes without them.")]
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromMinutes(5);

    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    [Description("Distributed: how long a closing round with the durability `spool` waits for a lost node to come back with its updates.")]
    public TimeSpan SpoolWait { get; set; } = TimeSpan.FromMinutes(2);
}
