using Federated.Protocol.Tier;

namespace Federated.Aggregator.Tree;

/// <summary>Carries partials from node to node: gRPC between processes, a call inside one.</summary>
public interface IPartialTransport
{
    /// <summary>Sends a partial to the node that merges it. What goes wrong on the way is an outcome that may be repeated.</summary>
    Task<TransferResult> SendAsync(TreeNode parent, PartialHandover partial, CancellationToken cancellationToken);
}
