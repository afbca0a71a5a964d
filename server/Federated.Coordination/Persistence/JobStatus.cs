namespace Federated.Coordination.Persistence;

/// <summary>Where a job stands. The numbers are stored.</summary>
public enum JobStatus
{
    /// <summary>Rounds are opened one after another.</summary>
    Running = 1,

    /// <summary>No round is opened until an administrator resumes the job. Also where a job goes whose rounds are abandoned too often, with the reason.</summary>
    Paused = 2,

    /// <summary>Ended by an administrator.</summary>
    Stopped = 3,

    /// <summary>Every round is done, or the target accuracy is reached.</summary>
    Completed = 4,
}
