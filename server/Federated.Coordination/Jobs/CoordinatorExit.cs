namespace Federated.Coordination.Jobs;

/// <summary>Why a coordinator came to its end.</summary>
internal enum CoordinatorExit
{
    /// <summary>The job is completed or stopped.</summary>
    JobEnded,

    /// <summary>There is no such job.</summary>
    NoSuchJob,

    /// <summary>Another writer has taken the job over.</summary>
    Fenced,
}
