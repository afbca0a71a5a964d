using Federated.Coordination.Selection;

namespace Federated.Coordination.Persistence;

/// <summary>
/// Durable facts about jobs, as their coordinators write them. Every method is one transaction: durable as a whole when it
/// returns, or without any effect. A method that throws may have done either; the coordinator then takes the job over again and
/// goes on from what the store says.
/// </summary>
/// <remarks>
/// Fencing: a method that takes a <see cref="WriterLease"/> (or a record that holds one) compares its epoch with the job's
/// writer epoch inside the transaction, in such a way that a concurrent <see cref="AcquireAsync"/> cannot slip in between
/// (for example <c>UPDATE jobs ... WHERE writer_epoch = @epoch</c> as the first statement). When they differ it writes nothing and returns
/// <see cref="StoreOutcome.Fenced"/>.
/// </remarks>
public interface IJobStore
{
    /// <summary>Inserts a job with version 0 of its model. False when the job exists already; then nothing is changed.</summary>
    Task<bool> CreateAsync(JobRecord job, ModelVersionRecord initial, CancellationToken cancellationToken);

    /// <summary>Every job that is running or paused, of every tenant.</summary>
    Task<IReadOnlyList<JobKey>> ListActiveAsync(CancellationToken cancellationToken);

    /// <summary>Raises the job's writer epoch by one and reads the job. Null when there is no such job.</summary>
    Task<JobSnapshot?> AcquireAsync(JobKey job, CancellationToken cancellationToken);

    /// <summary>Inserts a round record in state <see cref="RoundState.Open"/> together with its first assignments.</summary>
    Task<StoreOutcome> OpenRoundAsync(
        WriterLease lease, RoundRecord round, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken);

    /// <summary>Inserts further assignments of the open round.</summary>
    Task<StoreOutcome> AddAssignmentsAsync(
        WriterLease lease, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken);

    /// <summary>Inserts a failure; the first for an assignment stays, later ones change nothing.</summary>
    Task<StoreOutcome> AddFailureAsync(WriterLease lease, ClientFailureRecord failure, CancellationToken cancellationToken);

    /// <summary>
    /// The commit point: closes the round, sets the dispositions of all its assignments with the figures of the counted ones,
    /// inserts the failures, the metrics and the model version, sets the job's current version and status, and inserts the round that
    /// opens with it.
    /// </summary>
    /// <param name="commit">What becomes true.</param>
    /// <param name="blobs">The writing of the blobs that the model version names: the transaction ends after it, and without effect when it fails.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<StoreOutcome> CommitRoundAsync(RoundCommit commit, Task blobs, CancellationToken cancellationToken);

    /// <summary>
    /// Abandons the open round, discards its assignments and whatever else is pending of the job's rounds of the same kind, inserts the failures, and sets the job's state epoch and
    /// status.
    /// </summary>
    Task<StoreOutcome> AbandonRoundAsync(RoundAbandonment abandonment, CancellationToken cancellationToken);

    /// <summary>Sets the job's status. When that ends the job, assignments that are pending are discarded.</summary>
    Task<StoreOutcome> SetStatusAsync(WriterLease lease, JobStatus status, string? reason, CancellationToken cancellationToken);

    /// <summary>Inserts a model version of origin <see cref="ModelVersionOrigin.RollBack"/>, makes it current and sets the state epoch; assignments that are pending are discarded.</summary>
    Task<StoreOutcome> RollBackAsync(WriterLease lease, ModelVersionRecord version, int stateEpoch, CancellationToken cancellationToken);

    /// <summary>Reads a model version; null when there is none of that number.</summary>
    Task<ModelVersionRecord?> FindVersionAsync(JobKey job, int version, CancellationToken cancellationToken);

    /// <summary>Reads which blobs hold the states of the job's newest versions, the newest first; versions without a state are left out.</summary>
    /// <param name="job">The job.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<string>> ReadStatesAsync(JobKey job, int most, CancellationToken cancellationToken);

    /// <summary>Reads those of the assignments that belong to the device, in any order; unknown ones and other devices' are left out.</summary>
    Task<IReadOnlyList<AssignmentRecord>> FindAssignmentsAsync(
        string tenantId, string deviceId, IReadOnlyList<string> assignmentIds, CancellationToken cancellationToken);

    /// <summary>Reads what the counted updates of the job's newest rounds of training say of their clients, from the oldest round to the newest.</summary>
    /// <param name="job">The job.</param>
    /// <param name="firstRound">The oldest round to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<IReadOnlyList<Participation>> ReadParticipationsAsync(JobKey job, int firstRound, CancellationToken cancellationToken);

    /// <summary>Whether the device has ever been given a task.</summary>
    Task<bool> HasWorkedAsync(string tenantId, string deviceId, CancellationToken cancellationToken);

    /// <summary>Reads the ids of the tenant's devices that were revoked at that time or later, in any order.</summary>
    Task<IReadOnlyList<string>> ReadRevokedAsync(string tenantId, DateTimeOffset since, CancellationToken cancellationToken);
}
