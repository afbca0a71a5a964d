using Federated.Protocol.Rounds;

namespace Federated.Coordination.Tier;

/// <summary>Hears which updates the tier has stored. Returns at once and may be called from any thread.</summary>
public interface IUpdateSink
{
    /// <summary>
    /// Called at least once for each update that is in the pool and the journal. What is counted is decided by
    /// <see cref="RoundAggregate.Included"/> alone: this call only lets the coordinator see when its report goal is reached.
    /// </summary>
    /// <param name="update">The claim check.</param>
    void OnStored(UpdateCommitted update);

    /// <summary>
    /// Whether the coordinator waits for an update: asked before the buffer of an asynchronous job takes one, because such a buffer takes tickets of earlier rounds. An update that
    /// is in a version already, or was given up for good, is not waited for.
    /// </summary>
    /// <param name="assignmentId">The update.</param>
    bool Wants(string assignmentId) => true;

    /// <summary>
    /// Called when a node is lost while its round is open: what was stored there has to be sent again, and what was to go there has to
    /// go elsewhere. The tier takes these updates at <see cref="IAggregationTier.GatewayOf"/> from now on, and nothing of the lost node counts any more.
    /// </summary>
    /// <param name="key">The round.</param>
    /// <param name="assignmentIds">Their assignments.</param>
    void OnLost(RoundKey key, IReadOnlyList<string> assignmentIds);
}
