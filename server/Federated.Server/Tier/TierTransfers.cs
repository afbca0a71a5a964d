using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Grpc.Core;

namespace Federated.Server.Tier;

/// <summary>What the server takes from nodes, and gives them, by a streamed call: it is too large for an event.</summary>
internal sealed class TierTransfers(TierTransferClient client)
{
    /// <summary>The aggregate of a round, divided once.</summary>
    /// <exception cref="TransferFailedException">The node does not answer, or has no aggregate of that tree.</exception>
    public Task<ClosedRound> FetchAggregateAsync(TreeNode top, RoundPlan plan, int revision, CancellationToken cancellationToken) =>
        RunAsync(top, () => client.FetchAggregateAsync(top.Transfer, plan, revision, cancellationToken), cancellationToken);

    /// <summary>What a node had of a round when it opened it in that tree.</summary>
    /// <exception cref="TransferFailedException">The node does not answer, or has not opened that tree.</exception>
    public Task<ReopenedRound> FetchRecoveryAsync(TreeNode node, RoundPlan plan, int revision, CancellationToken cancellationToken) =>
        RunAsync(node, () => client.FetchRecoveryAsync(node.Transfer, plan, revision, cancellationToken), cancellationToken);

    /// <summary>The updates that a node keeps of a closed round.</summary>
    /// <exception cref="TransferFailedException">The node does not answer, or has not closed the round in that tree.</exception>
    public Task<IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>> FetchKeptAsync(TreeNode node, RoundPlan plan, int revision, CancellationToken cancellationToken) =>
        RunAsync(node, () => client.FetchKeptAsync(node.Transfer, plan, revision, cancellationToken), cancellationToken);

    /// <summary>Gives a node the last aggregates, where the rule of the round starts.</summary>
    public Task<TransferResult> SendStartAsync(TreeNode node, RoundPlan plan, TreePlan tree, CancellationToken cancellationToken) =>
        client.SendAsync(node, ExchangeHandover.Of(plan, tree, $"server/{plan.WriterEpoch}.{tree.Revision}", ExchangePlan.StartOf(plan)), cancellationToken);

    private static async Task<T> RunAsync<T>(TreeNode node, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (
            (exception is RpcException or InvalidDataException || TierTransferClient.IsBroken(exception)) && !cancellationToken.IsCancellationRequested)
        {
            throw new TransferFailedException($"Node {node.NodeId} at {node.Transfer}: {exception.Message}", exception);
        }
    }
}
