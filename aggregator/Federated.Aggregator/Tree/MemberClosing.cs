using Federated.Aggregator.Events;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

/// <summary>Closes a round at a node in one tree: what the node and those below it have goes to the parent, or is the aggregate, and that is said.</summary>
internal sealed partial class MemberClosing(AggregatorNode node, string incarnation, IEventBus bus, PartialSender sender, ExchangeClosing exchange, ILogger logger)
{
    /// <summary>Ends when the answer was said, or the tree is over.</summary>
    public async Task CloseAsync(MemberRound round)
    {
        RoundOpened opened = round.Opened;
        RoundPlan plan = opened.Plan;
        string partialId = $"{node.NodeId}/{incarnation}/{plan.WriterEpoch}.{opened.Tree.Revision}";
        try
        {
            TransferHandover handover = plan.IsMean ? await SumAsync(round, partialId) : await exchange.CarryOutAsync(round, partialId);
            round.Result = handover;
            PartialHeader header = handover.Header;
            if (round.Self.Parent is { } parent)
            {
                await sender.SendAsync(round, opened.Tree.Find(parent)!, handover);
                round.Answer = new PartialReady(
                    plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, node.NodeId, parent, (int)header.Included, header.TotalWeight,
                    (long)header.ByteLength);
            }
            else
            {
                round.Answer = new AggregateReady(
                    plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, node.NodeId, (int)header.Included, header.TotalWeight,
                    (long)header.ByteLength);
            }
        }
        catch (OperationCanceledException) when (round.Over.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            LogNotClosed(exception, plan.Key);
            round.Answer = new AggregateReady(
                plan.Key, plan.WriterEpoch, opened.Tree.Revision, partialId, node.NodeId, 0, 0, 0, $"Node {node.NodeId}: {exception.Message}");
        }

        try
        {
            await SayAsync(round.Answer, round.Over);
        }
        catch (Exception exception)
        {
            // The coordinator asks again when it hears nothing.
            LogNotSaid(exception, plan.Key);
        }
    }

    private async Task<TransferHandover> SumAsync(MemberRound round, string partialId)
    {
        NodePartial own = await node.ClosePartialAsync(round.Opened.Plan.Key, round.Over);
        await round.Board.AllMergedAsync(round.Over);
        NodePartial all = round.Board.Combine(own);
        return new PartialHandover(PartialNames.HeaderOf(round.Opened, partialId, node.NodeId, all), all);
    }

    /// <summary>Says an answer, again where the coordinator has not heard it.</summary>
    public ValueTask SayAsync(ITierEvent answer, CancellationToken cancellationToken) => answer switch
    {
        PartialReady ready => bus.PublishAsync(ready, cancellationToken),
        AggregateReady ready => bus.PublishAsync(ready, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer, "A closing is not answered so."),
    };

    [LoggerMessage(1601, LogLevel.Error, "Round {Round} could not be closed", EventName = "ClosingFailed")]
    private partial void LogNotClosed(Exception exception, RoundKey round);

    [LoggerMessage(1608, LogLevel.Warning, "What the closing of round {Round} gave could not be said yet", EventName = "ClosingNotSaid")]
    private partial void LogNotSaid(Exception exception, RoundKey round);
}
