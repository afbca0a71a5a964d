using Federated.Aggregator;
using Federated.Aggregator.Hosting.Dapr;
using Federated.Aggregator.Hosting.Settings;
using Federated.Aggregator.Tree;

namespace Federated.AggregatorHost;

/// <summary>The settings of a node of the distributed tier.</summary>
internal static class HostCatalogue
{
    private const string Introduction = """
        Federated.AggregatorHost: one node of the distributed aggregation tier.

        Usage: Federated.AggregatorHost --Aggregator:NodeId=NAME --Trust:Directory=FOLDER --Tier:Key=SECRET [--SECTION:NAME=VALUE ...]
        Settings are also read from environment variables (SECTION__NAME) and from appsettings.json in the current folder.
        The node needs a Dapr sidecar whose app id is its own, and whose app port is that of Endpoints:Control.

        """;

    public static SettingsCatalogue Catalogue { get; } = new(
    [
        new SettingsGroup(NodeEndpointOptions.Section, typeof(NodeEndpointOptions)),
        new SettingsGroup(TrustOptions.Section, typeof(TrustOptions)),
        new SettingsGroup(AggregatorNodeOptions.SectionName, typeof(AggregatorNodeOptions)),
        new SettingsGroup(TreeMemberOptions.SectionName, typeof(TreeMemberOptions)),
        new SettingsGroup(DaprOptions.SectionName, typeof(DaprOptions)),
    ]);

    public static string Help => Catalogue.Help(Introduction);
}
