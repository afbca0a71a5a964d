using System.Collections.Immutable;

namespace Federated.Server.Tier;

/// <summary>A node in the present tree of a round, as far as it has answered.</summary>
internal sealed class RoundMember
{
    /// <summary>The process that has opened the present tree; null before it has said so.</summary>
    public string? Incarnation { get; set; }

    /// <summary>Whether it has something of the round, or has lost something, that has not been fetched yet.</summary>
    public bool HasRecovery { get; set; }

    /// <summary>Whether it has the last aggregates, where the rule starts.</summary>
    public bool HasStart { get; set; }

    /// <summary>Whether its updates were fetched one by one.</summary>
    public bool HasHandedOver { get; set; }

    /// <summary>Number of its latest sign of life.</summary>
    public long Beat { get; set; }

    /// <summary>How many updates it had at that time, by its own count.</summary>
    public int Held { get; set; }

    /// <summary>How many of its updates were known when that arrived.</summary>
    public int Known { get; set; }

    /// <summary>Time stamp since which the server itself does not reach it; 0 while it does.</summary>
    public long UnreachedSince { get; set; }

    /// <summary>The nodes that it waits for while the round closes, as it says.</summary>
    public ImmutableArray<string> WaitsFor { get; set; } = [];

    /// <summary>Time stamp since which the node has been asked to open the present tree.</summary>
    public long AskedAt { get; set; }
}
