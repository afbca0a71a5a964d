namespace Federated.Coordination.Persistence;

/// <summary>All that a coordinator needs to go on with a job, read in one transaction.</summary>
/// <param name="Job">The job, with the writer epoch that was just given out.</param>
/// <param name="Current">The model version that is current.</param>
/// <param name="Rounds">
/// Every round record whose base is the current version, and the one that made the current version; in any order. At most one is open.
/// </param>
/// <param name="Assignments">
/// The assignments of the open round, and those of other rounds that are pending, which only an asynchronous job has; ordered by round and number.
/// </param>
/// <param name="Failures">The failures of these assignments.</param>
/// <param name="FailedStatistics">How many rounds of statistics were abandoned since the last one that closed.</param>
public sealed record JobSnapshot(
    JobRecord Job,
    ModelVersionRecord Current,
    IReadOnlyList<RoundRecord> Rounds,
    IReadOnlyList<AssignmentRecord> Assignments,
    IReadOnlyList<ClientFailureRecord> Failures,
    int FailedStatistics)
{
    /// <summary>The round that was open when the snapshot was taken, or null.</summary>
    public RoundRecord? OpenRound => Rounds.SingleOrDefault(round => round.State == RoundState.Open);
}
