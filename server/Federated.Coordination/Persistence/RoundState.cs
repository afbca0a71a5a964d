namespace Federated.Coordination.Persistence;

/// <summary>Where a round stands. The numbers are stored.</summary>
public enum RoundState
{
    /// <summary>Devices hold assignments; at most one round of a job.</summary>
    Open = 1,

    /// <summary>Committed: its counted updates are in exactly one model version, or in its evaluation figures.</summary>
    Closed = 2,

    /// <summary>Given up; none of its updates counts.</summary>
    Abandoned = 3,
}
