namespace Federated.Coordination.Persistence;

/// <summary>What became of a guarded write.</summary>
public enum StoreOutcome
{
    /// <summary>Durable, as a whole.</summary>
    Done = 0,

    /// <summary>Another writer has taken the job over; nothing was written. The caller stops writing this job.</summary>
    Fenced = 1,
}
