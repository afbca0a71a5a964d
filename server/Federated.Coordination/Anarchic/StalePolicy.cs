namespace Federated.Coordination.Anarchic;

/// <summary>What is done with an update that is staler than the job's bound.</summary>
internal enum StalePolicy
{
    /// <summary>It is refused.</summary>
    Reject = 0,

    /// <summary>It counts as any other.</summary>
    Accept = 1,

    /// <summary>It counts less: by (1 + bound) / (1 + staleness).</summary>
    DownWeight = 2,
}
