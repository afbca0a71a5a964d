using System.ComponentModel.DataAnnotations;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>How a process of the distributed tier reaches its Dapr sidecar, and the names of the components there.</summary>
public sealed class DaprOptions
{
    /// <summary>The configuration section that the options are read from.</summary>
    public const string SectionName = "Dapr";

    /// <summary>Base address of the sidecar's HTTP interface; unset for Dapr's own variables (<c>DAPR_HTTP_ENDPOINT</c>, <c>DAPR_HTTP_PORT</c>) or port 3500.</summary>
    public string? HttpEndpoint { get; set; }

    /// <summary>Base address of the sidecar's gRPC interface; unset for Dapr's own variables (<c>DAPR_GRPC_ENDPOINT</c>, <c>DAPR_GRPC_PORT</c>) or port 50001.</summary>
    public string? GrpcEndpoint { get; set; }

    /// <summary>Name of the pub/sub component that carries the tier's events.</summary>
    [Required]
    public string PubSub { get; set; } = "pubsub";

    /// <summary>Name of the state store that holds the registry of nodes and the trees of open rounds; its keys must not be prefixed by app.</summary>
    [Required]
    public string StateStore { get; set; } = "statestore";

    /// <summary>What the names of topics and keys begin with; lets several tiers share the components.</summary>
    [RegularExpression("^[a-z0-9-]{1,40}$")]
    public string Prefix { get; set; } = "federated";

    /// <summary>How long publishing and state calls are tried again while the sidecar does not answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SidecarTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
