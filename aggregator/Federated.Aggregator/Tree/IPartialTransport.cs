using Federated.Aggregation.Robust.Hierarchy;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Carries partials and messages from node to node: gRPC between processes, a call inside one.</summary>
public interface IPartialTransport
{
    /// <summary>Sends something to the node that takes it. What goes wrong on the way is an outcome that may be repeated.</summary>
    Task<TransferResult> SendAsync(TreeNode receiver, TransferHandover handover, CancellationToken cancellationToken);

    /// <summary>Takes from the top what a node needs to carry the rule's decision out. What goes wrong on the way is an outcome that may be repeated.</summary>
    /// <param name="top">The node that judges.</param>
    /// <param name="request">The round and the node that asks.</param>
    /// <param name="reader">Takes the bytes; complete when the outcome is <see cref="TransferOutcome.Merged"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<TransferResult> FetchVerdictAsync(TreeNode top, FetchRequest request, ExchangeReader reader, CancellationToken cancellationToken);
}
