namespace Federated.Server.Tier;

/// <summary>A node in the present tree of a round, as far as it has answered.</summary>
internal sealed class RoundMember
{
    /// <summary>The process that has opened the present tree; null before it has said so.</summary>
    public string? Incarnation { get; set; }

    /// <summary>Whether it had something of the round that has not been fetched yet.</summary>
    public bool HasRecovery { get; set; }

    /// <summary>Time stamp since which the node has been asked to open the present tree.</summary>
    public long AskedAt { get; set; }
}
