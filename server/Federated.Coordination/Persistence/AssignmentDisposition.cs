namespace Federated.Coordination.Persistence;

/// <summary>What became of an assignment. The numbers are stored.</summary>
public enum AssignmentDisposition
{
    /// <summary>Its round is open, or, in an asynchronous job, a later one may count it.</summary>
    Pending = 1,

    /// <summary>Its update is in exactly one model version or evaluation.</summary>
    Counted = 2,

    /// <summary>Nothing of it counts, now or later.</summary>
    Discarded = 3,
}
