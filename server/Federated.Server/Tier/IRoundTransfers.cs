using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>What the server takes from nodes by a streamed call: it is too large for an event.</summary>
internal interface IRoundTransfers
{
    /// <summary>The aggregate of a round, divided once.</summary>
    /// <exception cref="TransferFailedException">The node does not answer, or has no aggregate of that tree.</exception>
    Task<ClosedRound> FetchAggregateAsync(TreeNode top, RoundPlan plan, int revision, CancellationToken cancellationToken);

    /// <summary>What a node had of a round when it opened it in that tree.</summary>
    /// <exception cref="TransferFailedException">The node does not answer, or has not opened that tree.</exception>
    Task<ReopenedRound> FetchRecoveryAsync(TreeNode node, RoundPlan plan, int revision, CancellationToken cancellationToken);
}
