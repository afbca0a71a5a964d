namespace Federated.Coordination.Rounds;

/// <summary>What the state machine made of a reported failure.</summary>
public enum FailureOutcome
{
    /// <summary>The assignment has failed; the failure is to be stored.</summary>
    Accepted,

    /// <summary>Its update is stored already, or it has failed before; nothing changed.</summary>
    Ignored,

    /// <summary>No assignment of the open round has this id, or it is another device's.</summary>
    Unknown,
}
