using Federated.Aggregator;
using Federated.Aggregator.Hosting.Dapr;
using Federated.Aggregator.Hosting.Settings;
using Federated.Aggregator.Tree;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Jobs;
using Federated.Server.Tier;

namespace Federated.Server.Configuration;

/// <summary>The settings of the server.</summary>
internal static class ConfigurationCatalogue
{
    public const string CoordinationSection = "Coordination";

    private const string Introduction = """
        Federated.Server: coordinator of federated learning, with an aggregation node inside or a tier of nodes outside.

        Usage: Federated.Server [--SECTION:NAME=VALUE ...]
        Settings are also read from environment variables (SECTION__NAME) and from appsettings.json in the current folder.
        Without any, it listens on http://localhost:5080 (REST) and http://localhost:5081 (gRPC) and keeps its data in ./data.

        """;

    public static SettingsCatalogue Catalogue { get; } = new(
    [
        new SettingsGroup(DataOptions.Section, typeof(DataOptions)),
        new SettingsGroup(DatabaseOptions.Section, typeof(DatabaseOptions)),
        new SettingsGroup(EndpointOptions.Section, typeof(EndpointOptions)),
        new SettingsGroup(AdministrationOptions.Section, typeof(AdministrationOptions)),
        new SettingsGroup(DeviceIdentityOptions.Section, typeof(DeviceIdentityOptions)),
        new SettingsGroup(CoordinationSection, typeof(CoordinationOptions)),
        new SettingsGroup(AggregatorNodeOptions.SectionName, typeof(AggregatorNodeOptions)),
        new SettingsGroup(PlannerOptions.SectionName, typeof(PlannerOptions)),
        new SettingsGroup(TierOptions.Section, typeof(TierOptions)),
        new SettingsGroup(TreeMemberOptions.SectionName, typeof(TreeMemberOptions), [nameof(TreeMemberOptions.Key), nameof(TreeMemberOptions.TransferTimeout)]),
        new SettingsGroup(DaprOptions.SectionName, typeof(DaprOptions)),
    ]);

    public static string Help => Catalogue.Help(Introduction);
}
