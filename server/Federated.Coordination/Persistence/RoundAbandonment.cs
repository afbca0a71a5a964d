using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>The end of a round of which nothing counts, as one transaction.</summary>
/// <param name="Lease">Who abandons; fenced when the job's writer epoch is another.</param>
/// <param name="Round">The open round; all its assignments become <see cref="AssignmentDisposition.Discarded"/>.</param>
/// <param name="AbandonedAt">When.</param>
/// <param name="Reason">One sentence, also the reason of its assignments.</param>
/// <param name="Failures">Failures that the server found.</param>
/// <param name="StateEpoch">The job's state epoch from now on.</param>
/// <param name="Status">The job's status from now on.</param>
/// <param name="StatusReason">Why; null while the job runs.</param>
public sealed record RoundAbandonment(
    WriterLease Lease,
    RoundKey Round,
    DateTimeOffset AbandonedAt,
    string Reason,
    IReadOnlyList<ClientFailureRecord> Failures,
    int StateEpoch,
    JobStatus Status,
    string? StatusReason);
