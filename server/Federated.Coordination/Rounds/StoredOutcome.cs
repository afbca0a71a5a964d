namespace Federated.Coordination.Rounds;

/// <summary>What the state machine made of a stored update.</summary>
public enum StoredOutcome
{
    /// <summary>The first word of this update.</summary>
    Accepted,

    /// <summary>Known already; nothing changed.</summary>
    Duplicate,

    /// <summary>No assignment of the open round has this id.</summary>
    Unknown,
}
