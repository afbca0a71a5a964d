using Federated.Aggregator.Hosting.Settings;
using Federated.Aggregator.Tree;
using Microsoft.Extensions.Options;

namespace Federated.AggregatorHost;

/// <summary>Where others reach the node: what the settings say, or else where it listens, if that is an address at all.</summary>
internal sealed class NodeAddresses(IOptions<NodeEndpointOptions> endpoints) : IPostConfigureOptions<TreeMemberOptions>, IValidateOptions<TreeMemberOptions>
{
    public void PostConfigure(string? name, TreeMemberOptions options)
    {
        options.GatewayAddress = options.GatewayAddress.Length > 0 ? options.GatewayAddress : Reachable(endpoints.Value.Devices);
        options.TransferAddress = options.TransferAddress.Length > 0 ? options.TransferAddress : Reachable(endpoints.Value.Transfer);
    }

    public ValidateOptionsResult Validate(string? name, TreeMemberOptions options)
    {
        string[] errors =
        [
            .. Missing(nameof(options.GatewayAddress), options.GatewayAddress),
            .. Missing(nameof(options.TransferAddress), options.TransferAddress),
            .. options.Key.Length > 0 ? Array.Empty<string>() : ["Tier:Key is not set; it is the secret that the server and all nodes share."],
        ];
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Missing(string name, string address) =>
        address.Length > 0 ? [] : [$"Tier:{name} is not set, and the node listens on an address that nobody can call; set it to the one that reaches the node."];

    private static string Reachable(string address) =>
        EndpointAddress.TryParse(address, out EndpointAddress? parsed) && !parsed.IsAnyHost && parsed.Port != 0 ? address : "";
}
