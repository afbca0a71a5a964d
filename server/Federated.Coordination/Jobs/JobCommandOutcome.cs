namespace Federated.Coordination.Jobs;

/// <summary>What became of an administrator's command.</summary>
public enum JobCommandOutcome
{
    /// <summary>Carried out and durable.</summary>
    Done,

    /// <summary>There is no such job, or it has ended.</summary>
    NotActive,

    /// <summary>Roll-back: the job has no version of that number.</summary>
    UnknownVersion,

    /// <summary>The coordinator stopped before it could answer; the command may or may not have been carried out.</summary>
    Unavailable,
}
