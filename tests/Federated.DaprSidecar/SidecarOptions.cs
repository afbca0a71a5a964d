using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.Faults;

namespace Federated.DaprSidecar;

/// <summary>What a development sidecar serves.</summary>
public sealed record SidecarOptions
{
    /// <summary>The apps; each gets ports of its own, all share one broker and one state store.</summary>
    public required IReadOnlyList<SidecarApp> Apps { get; init; }

    /// <summary>Name of the one pub/sub component.</summary>
    public string PubSub { get; init; } = "pubsub";

    /// <summary>Name of the one state store. Keys are shared by all apps, as with <c>keyPrefix: none</c>.</summary>
    public string StateStore { get; init; } = "statestore";

    /// <summary>A Redis server (<c>host:port</c>) for broker and state; null keeps both in memory.</summary>
    public string? Redis { get; init; }

    /// <summary>How failed deliveries are tried again.</summary>
    public RetryPolicy Retry { get; init; } = new(TimeSpan.FromMilliseconds(200), MaxRetries: 25);

    /// <summary>Bytes of the longest request, as Dapr's flag of that name has it.</summary>
    public int MaxBodySize { get; init; } = 4 * 1024 * 1024;

    /// <summary>What goes wrong on purpose.</summary>
    public FaultSettings Faults { get; init; } = FaultSettings.None;

    /// <summary>Lines of the log go to the console.</summary>
    public bool LogToConsole { get; init; }
}
