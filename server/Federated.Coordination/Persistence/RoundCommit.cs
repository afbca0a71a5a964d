using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>The commit point of a round: all of it becomes true in one transaction, or none of it.</summary>
/// <param name="Lease">Who commits; fenced when the job's writer epoch is another.</param>
/// <param name="Round">The open round to close.</param>
/// <param name="ClosedAt">When.</param>
/// <param name="Counted">Assignments that become <see cref="AssignmentDisposition.Counted"/>.</param>
/// <param name="Discarded">Assignments that become <see cref="AssignmentDisposition.Discarded"/>. With <paramref name="Counted"/> they are all assignments of the round.</param>
/// <param name="Failures">Failures that the server found when it closed the round.</param>
/// <param name="Metrics">The figures of the round.</param>
/// <param name="Version">The model version that the round made, which becomes the job's current one; null for evaluations.</param>
/// <param name="Status">The job's status from now on.</param>
/// <param name="StatusReason">Why; null while the job runs.</param>
/// <param name="Next">The round that opens with the commit, because its devices wait already; null when they are still to come.</param>
/// <param name="StatisticsBlobId">The pooled statistics in the model store; null unless the round took statistics.</param>
public sealed record RoundCommit(
    WriterLease Lease,
    RoundKey Round,
    DateTimeOffset ClosedAt,
    IReadOnlyList<CountedUpdate> Counted,
    IReadOnlyList<DiscardedUpdate> Discarded,
    IReadOnlyList<ClientFailureRecord> Failures,
    RoundMetrics Metrics,
    ModelVersionRecord? Version,
    JobStatus Status,
    string? StatusReason,
    RoundStart? Next = null,
    string? StatisticsBlobId = null)
{
    /// <summary>
    /// Whether the job is asynchronous: <see cref="Counted"/> and <see cref="Discarded"/> name assignments of earlier rounds too, and assignments of this one may stay pending, for a
    /// later version. The round of an assignment follows from its id.
    /// </summary>
    public bool IsAsynchronous { get; init; }
}
