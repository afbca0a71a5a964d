using Federated.DaprSidecar.Faults;

namespace Federated.FunctionalTests.Tier;

/// <summary>What a <see cref="TierWorld"/> is made of.</summary>
internal sealed record TierSetup
{
    public int Nodes { get; init; } = 3;

    /// <summary>Whether the nodes are processes of their own, which can be killed.</summary>
    public bool AsProcesses { get; init; }

    /// <summary>Arguments of a sidecar in a process of its own, which is started again whenever it ends; null for one in this process.</summary>
    public string[]? SidecarProcess { get; init; }

    /// <summary>What a sidecar in this process does wrong.</summary>
    public FaultSettings Faults { get; init; } = FaultSettings.None;

    /// <summary><see cref="NodeLossAfter"/> where a node is to be lost.</summary>
    public static TimeSpan SoonLost { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Slots of each node.</summary>
    public int Slots { get; init; } = 8;

    /// <summary>Bytes after which the first upload to each node stalls, until it is let go on; 0 for never.</summary>
    public long UploadStallsAfter { get; init; }

    /// <summary>Networks of their own for the nodes, which have to be processes.</summary>
    public NodeNetworks? Networks { get; init; }

    /// <summary>Further settings of the server.</summary>
    public string[] ServerSettings { get; init; } = [];

    /// <summary>Further settings of every node.</summary>
    public string[] NodeSettings { get; init; } = [];

    /// <summary>Whether the world is complete only when the server knows every node.</summary>
    public bool AwaitsNodes { get; init; } = true;

    /// <summary>
    /// Silence after which a node counts as lost. A machine with much to do may leave a process that lives without a turn for seconds, so it is long where no node is to be lost.
    /// </summary>
    public TimeSpan NodeLossAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a closing round waits for nodes that live.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
