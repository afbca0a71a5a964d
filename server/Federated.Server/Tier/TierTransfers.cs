using Federated.Aggregator.Hosting.Tier;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Grpc.Core;

namespace Federated.Server.Tier;

/// <summary>The transfers over gRPC.</summary>
internal sealed class TierTransfers(TierTransferClient client) : IRoundTransfers
{
    public Task<ClosedRound> FetchAggregateAsync(TreeNode top, RoundPlan plan, int revision, CancellationToken cancellationToken) =>
        RunAsync(top, () => client.FetchAggregateAsync(top.Transfer, plan, revision, cancellationToken), cancellationToken);

    public Task<ReopenedRound> FetchRecoveryAsync(TreeNode node, RoundPlan plan, int revision, CancellationToken cancellationToken) =>
        RunAsync(node, () => client.FetchRecoveryAsync(node.Transfer, plan, revision, cancellationToken), cancellationToken);

    private static async Task<T> RunAsync<T>(TreeNode node, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is RpcException or InvalidDataException && !cancellationToken.IsCancellationRequested)
        {
            throw new TransferFailedException($"Node {node.NodeId} at {node.Transfer}: {exception.Message}", exception);
        }
    }
}
