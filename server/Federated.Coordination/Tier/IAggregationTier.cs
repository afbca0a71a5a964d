using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;

namespace Federated.Coordination.Tier;

/// <summary>
/// Where the updates of a round go: the gateways that take them in and the aggregators that sum them. The coordinator of a
/// job opens, closes and forgets rounds through it and learns of updates by claim check; no update's bytes cross this seam.
/// </summary>
/// <remarks>
/// Implementers may be called for several jobs at once, but for one job only one call is under way at any time, and at most one
/// round of a job is open. A call that throws leaves the round as it was or as the call would have made it; the coordinator
/// then starts again from its store and repeats the call, so every method is idempotent.
/// </remarks>
public interface IAggregationTier
{
    /// <summary>Whether the tier can hand over sections of single updates of a round that it averages (<see cref="RoundPlan.HandedOver"/>): where it keeps the updates, it always can.</summary>
    bool HandsOverBesideTheMean => false;

    /// <summary>
    /// Makes the tier accept the updates of a round, each stored at most once by assignment id. Called when the round is
    /// configured, before any device holds its ticket, and again after a restart of the coordinator or of the tier.
    /// </summary>
    /// <param name="plan">
    /// What updates must look like. When the round is already open the plan takes the place of the earlier one; a plan whose writer
    /// epoch is lower than one seen before for the same job is refused with an <see cref="InvalidOperationException"/>.
    /// </param>
    /// <param name="sink">Told of every update stored from now on; takes the place of an earlier sink of the round.</param>
    /// <param name="cancellationToken">Ends the wait; the round may or may not be open afterwards.</param>
    /// <exception cref="InvalidOperationException">
    /// The tier cannot carry the plan out, or a newer writer has the job. The coordinator abandons the round and pauses the job with the message as the reason.
    /// </exception>
    /// <returns>What the tier still holds of the round and what it has lost; both empty for a round opened for the first time.</returns>
    Task<RoundRecovery> OpenRoundAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken);

    /// <summary>
    /// Base address of the gateway that takes an update of an open round; empty for the one that the server's settings name. The answer
    /// for an assignment changes only when the tier has told of its loss.
    /// </summary>
    /// <param name="key">The round.</param>
    /// <param name="assignmentId">The update's id.</param>
    /// <param name="number">The assignment's position in the cohort, from 0.</param>
    string GatewayOf(RoundKey key, string assignmentId, int number);

    /// <summary>
    /// Ends the round: refuses updates from now on, waits for those that are being committed, and returns the aggregate. The round's
    /// journal and memory stay until <see cref="ForgetRoundAsync"/>, so that a coordinator that dies before its commit
    /// point can open the round again.
    /// </summary>
    /// <param name="key">A round that is open, or closed and not yet forgotten (then the same aggregate is returned).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The round cannot be aggregated any more; the coordinator abandons it.</exception>
    Task<RoundAggregate> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken);

    /// <summary>Ends the round without an aggregate and frees what it holds. Nothing happens when the round is unknown.</summary>
    /// <param name="key">The round.</param>
    /// <param name="reason">One sentence that late devices are told.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken);

    /// <summary>
    /// Frees what a closed round still holds (journal, slots, accumulators). Called after the commit point, and again at a restart
    /// for the newest committed round. Nothing happens when the round is unknown.
    /// </summary>
    /// <param name="key">The round.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Frees what an earlier process has left of jobs that have ended since: one that died between the last commit of a job and the call of
    /// <see cref="ForgetRoundAsync"/> has no successor who would make it. Called once at the start, when the open rounds of active jobs are open again.
    /// </summary>
    /// <param name="active">The jobs that may still open rounds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task ForgetEndedJobsAsync(IReadOnlySet<JobKey> active, CancellationToken cancellationToken);
}
