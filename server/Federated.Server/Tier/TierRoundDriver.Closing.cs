using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

// From the closing of the nodes to the aggregate at the server.
internal sealed partial class TierRoundDriver
{
    /// <summary>The aggregate, from the top of whatever tree is left.</summary>
    /// <exception cref="InvalidOperationException">The round cannot be aggregated.</exception>
    public async Task<RoundAggregate> CloseAsync(string reason, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            round.BeginClosing();
            while (round.Aggregate is null)
            {
                await ReadyAsync(cancellationToken);
                await SendStartsAsync(cancellationToken);
                if (round.Answer is not { } answer)
                {
                    Task changed = round.Changed;
                    await parts.Bus.PublishAsync(new RoundClosing(round.Key, round.Plan.WriterEpoch, round.Tree!.Present.Revision, reason), cancellationToken);
                    round.ClosingAsked();
                    await WaitAsync(changed, () => round.Answer is not null, cancellationToken);
                    continue;
                }

                if (answer.Fault is { } fault)
                {
                    throw new InvalidOperationException($"Round {round.Key} cannot be aggregated. {fault}");
                }

                await FetchAsync(cancellationToken);
            }

            return round.Aggregate;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives the nodes the last aggregates, where the rule starts from those; each once for a tree. Who cannot be reached is tried again with the next look.</summary>
    private async Task SendStartsAsync(CancellationToken cancellationToken)
    {
        TreePlan tree = round.Tree!.Present;
        await Task.WhenAll(round.WithoutStart().Select(async node =>
        {
            TransferResult result = await parts.Transfers.SendStartAsync(node, round.Plan, tree, cancellationToken);
            if (result.Outcome is TransferOutcome.Merged or TransferOutcome.AlreadyMerged)
            {
                round.Started(tree, node.NodeId);
            }
            else
            {
                LogStartNotTaken(round.Key, node.NodeId, result.Reason);
                round.NotReached(tree, node.NodeId);
            }
        }));
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        TreePlan tree = round.Tree!.Present;
        ClosedRound closed;
        IReadOnlyList<KeptSection> kept;
        try
        {
            closed = await parts.Transfers.FetchAggregateAsync(tree.Top, round.Plan, tree.Revision, cancellationToken);
            kept = round.Plan.HandsOver ? await FetchKeptAsync(tree, closed, cancellationToken) : [];
        }
        catch (TransferFailedException exception)
        {
            LogTransferFailed(exception, round.Key);
            await WaitAsync(round.Changed, static () => false, cancellationToken);
            return;
        }

        string[] twice = [.. closed.Included.GroupBy(update => update.AssignmentId, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key)];
        if (twice.Length > 0)
        {
            throw new InvalidOperationException(
                $"The aggregate of round {round.Key} has {twice.Length} updates twice, the first of them {twice[0]}; nothing of it counts.");
        }

        round.Aggregate = new RoundAggregate(
            [.. closed.Sections.Select(section => new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor))],
            round.Plan.IsBuffer ? round.InOrderOfArrival(closed.Included) : closed.Included)
        {
            Scores = round.Plan.KeepsUpdates ? [] : closed.Scores,
            Kept = kept,
        };
    }

    /// <summary>The sections that the round hands over, of exactly the updates in the aggregate.</summary>
    private async Task<IReadOnlyList<KeptSection>> FetchKeptAsync(TreePlan tree, ClosedRound closed, CancellationToken cancellationToken)
    {
        IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>[] ofNodes = await Task.WhenAll(tree.Nodes.Select(async node =>
        {
            IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> kept = await parts.Transfers.FetchKeptAsync(node, round.Plan, tree.Revision, cancellationToken);
            round.HandedOver(tree, node.NodeId);
            return kept;
        }));
        (UpdateCommitted Update, RetainedUpdate Payload)[] all = [.. ofNodes.SelectMany(kept => kept)];
        return closed.Included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal).SetEquals(all.Select(held => held.Update.AssignmentId))
            ? [.. KeptSections.Of(round.Plan, all).Select(section => new KeptSection(section.AssignmentId, section.Role, section.Values))]
            : throw new InvalidOperationException(
                $"The aggregate of round {round.Key} has {closed.Included.Count} updates, and its nodes keep {all.Length}, not the same ones; nothing of it counts.");
    }
}
