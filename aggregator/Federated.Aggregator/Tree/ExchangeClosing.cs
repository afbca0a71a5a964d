using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Events;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

/// <summary>The two passes of a round under a rule other than the mean, at one node: from what it keeps to what it hands over, or the aggregate at the top.</summary>
internal sealed partial class ExchangeClosing(AggregatorNode node, IEventBus bus, IPartialTransport transport, PartialSender sender, ILogger logger)
{
    /// <returns>The node's part for its parent; at the top the aggregate.</returns>
    public async Task<TransferHandover> CarryOutAsync(MemberRound round, string partialId)
    {
        RoundOpened opened = round.Opened;
        IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> kept = await node.CloseKeptAsync(opened.Plan.Key, round.Over);
        NodeExchange exchange = round.Exchange!;
        exchange.Hold(kept);
        if (opened.Plan.HandsOver)
        {
            round.Kept = new KeptHandover(
                new PartialHeader
                {
                    Round = PartialNames.RequestOf(opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision),
                    PlanHash = opened.Tree.Hash,
                    PartialId = $"{partialId}/Kept",
                    NodeId = node.NodeId,
                    Included = (ulong)kept.Count,
                    TotalWeight = kept.Sum(held => held.Update.Weight),
                    ByteLength = (ulong)kept.Sum(held => held.Payload.Payload.Length),
                },
                kept);
        }

        await exchange.Starts.AllAsync(round.Over);

        // 1. Pass 1: ranges to their owners, sketches to the top; owners tell the top what they find.
        long started = node.Functions.Time.GetTimestamp();
        await Task.WhenAll(exchange.Plan.ReceiversOf(node.NodeId).Select(receiver => Task.Run(
            () => sender.SendAsync(round, opened.Tree.Find(receiver)!, HandoverOf(round, partialId, exchange.ShareFor(receiver))), round.Over)));
        await exchange.Shares.AllAsync(round.Over);
        if (exchange.TellsFindings)
        {
            await sender.SendAsync(round, opened.Tree.Top, HandoverOf(round, partialId, await Task.Run(exchange.TellFindings, round.Over)));
        }

        // 2. The top judges, and says that it has.
        ExchangeMessage verdict = exchange.IsTop ? await JudgeAsync(round, partialId, exchange) : await FetchVerdictAsync(round, exchange);

        // 3. Pass 2: every node carries the decision out on what it has, and adds what its children have made.
        await Task.Run(() => exchange.Combine(verdict), round.Over);
        node.Functions.Metrics.Aggregated(round.Self.Role, kept.Count, node.Functions.Time.GetElapsedTime(started));
        await exchange.Parts.AllAsync(round.Over);
        foreach (TreeNode child in opened.Tree.ChildrenOf(node.NodeId))
        {
            exchange.Merge(exchange.Parts.All()[child.NodeId]);
        }

        if (!exchange.IsTop)
        {
            return HandoverOf(round, partialId, exchange.TellPart());
        }

        ClosedRound closed = await Task.Run(exchange.Report, round.Over);
        round.Closed = closed;
        return HandoverOf(round, partialId, ReportBlocks.Of(opened.Plan, node.NodeId, closed));
    }

    private async Task<ExchangeMessage> JudgeAsync(MemberRound round, string partialId, NodeExchange exchange)
    {
        RoundOpened opened = round.Opened;
        await exchange.Findings.AllAsync(round.Over);
        await Task.Run(exchange.Judge, round.Over);
        round.Verdicts = opened.Tree.Nodes.Where(other => other.NodeId != node.NodeId).ToDictionary(
            other => other.NodeId, other => HandoverOf(round, partialId, exchange.VerdictFor(other.NodeId)), StringComparer.Ordinal);
        round.Judged = new CoefficientsReady(
            opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision, partialId, node.NodeId, round.Verdicts.Count);
        try
        {
            await bus.PublishAsync(round.Judged, round.Over);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The coordinator asks for the closing again, and then it is said again.
            LogNotSaid(exception, opened.Plan.Key);
        }

        return exchange.VerdictFor(node.NodeId);
    }

    /// <summary>Waits for the hint that the top has judged, and takes what it decided.</summary>
    private async Task<ExchangeMessage> FetchVerdictAsync(MemberRound round, NodeExchange exchange)
    {
        RoundOpened opened = round.Opened;
        FetchRequest request = PartialNames.RequestOf(opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision);
        request.NodeId = node.NodeId;
        while (true)
        {
            await round.Hint.WaitAsync(round.Over);
            ExchangeReader reader = exchange.ReaderOf(ExchangeKind.Verdict, []);
            TransferResult result = await transport.FetchVerdictAsync(opened.Tree.Top, request, reader, round.Over);
            if (result.Outcome == TransferOutcome.Merged)
            {
                return new ExchangeMessage(ExchangeKind.Verdict, opened.Tree.Top.NodeId, [], reader.Blocks);
            }

            LogVerdictNotTaken(opened.Plan.Key, opened.Tree.Top.NodeId, result.Reason);
        }
    }

    private static ExchangeHandover HandoverOf(MemberRound round, string partialId, ExchangeMessage message) =>
        ExchangeHandover.Of(round.Opened.Plan, round.Opened.Tree, partialId, message);

    [LoggerMessage(1607, LogLevel.Warning, "Round {Round}: the nodes could not be told that it is judged", EventName = "VerdictNotSaid")]
    private partial void LogNotSaid(Exception exception, RoundKey round);

    [LoggerMessage(1605, LogLevel.Information, "Round {Round}: the decision of node {Top} could not be taken yet: {Reason}", EventName = "VerdictNotTaken")]
    private partial void LogVerdictNotTaken(RoundKey round, string top, string reason);
}
