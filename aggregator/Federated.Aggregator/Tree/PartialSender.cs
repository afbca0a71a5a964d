using Federated.Protocol.Tier;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

/// <summary>Hands a partial or a message to another node of the tree, as often as it takes.</summary>
internal sealed partial class PartialSender(AggregatorNode node, IPartialTransport transport, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    /// <exception cref="InvalidOperationException">The node refuses it for good.</exception>
    public async Task SendAsync(MemberRound round, TreeNode receiver, TransferHandover handover)
    {
        CancellationToken cancellationToken = round.Over;
        TimeSpan delay = FirstRetry;
        while (true)
        {
            TransferResult result = await transport.SendAsync(receiver, handover, cancellationToken);
            if (result.Outcome is TransferOutcome.Merged or TransferOutcome.AlreadyMerged)
            {
                round.Unreached.TryRemove(receiver.NodeId, out _);
                node.Functions.Metrics.Transferred((long)handover.Header.ByteLength, isSent: true);
                return;
            }

            if (!result.MayBeRepeated)
            {
                throw new InvalidOperationException($"Node {receiver.NodeId} does not take the partial: {result.Reason}");
            }

            round.Unreached[receiver.NodeId] = true;
            LogTransferRepeated(handover.Header.PartialId, receiver.NodeId, result.Outcome, result.Reason);
            await Task.Delay(delay, time, cancellationToken);
            delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
        }
    }

    [LoggerMessage(1603, LogLevel.Warning, "The transfer of partial {PartialId} to node {Receiver} ended {Outcome} and is repeated: {Reason}", EventName = "TransferRepeated")]
    private partial void LogTransferRepeated(string partialId, string receiver, TransferOutcome outcome, string reason);
}
