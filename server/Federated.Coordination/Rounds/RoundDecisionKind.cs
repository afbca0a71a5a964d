namespace Federated.Coordination.Rounds;

/// <summary>What the state machine wants done.</summary>
public enum RoundDecisionKind
{
    /// <summary>Write the round down, which is a buffer without assignments, and open it on the tier.</summary>
    Open,

    /// <summary>Write the assignment down, sign its ticket and answer the check-in with it.</summary>
    Assign,

    /// <summary>Answer the check-in with an assignment that its device holds already: the earlier answer may never have arrived.</summary>
    Redeliver,

    /// <summary>Answer the check-in with a rejection.</summary>
    Reject,

    /// <summary>Close the round on the tier and settle it.</summary>
    Close,

    /// <summary>Abandon the round; too few updates came.</summary>
    Abandon,

    /// <summary>Finish the round, which has no assignments: nobody who waits can do its task, and training must not wait for somebody who can.</summary>
    Skip,
}
