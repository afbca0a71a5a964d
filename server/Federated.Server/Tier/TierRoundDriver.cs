using Federated.Aggregator.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// Brings the nodes of a round to where the server wants them: every node of the tree has the round open, or the top has its
/// aggregate. Commands are repeated until they are answered; a node that is lost on the way leaves the tree.
/// </summary>
internal sealed partial class TierRoundDriver(TierRound round, TierParts parts, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _over = new();
    private Task _watching = Task.CompletedTask;
    private string _eTag = "";
    private RoundTree? _saved;
    private long _heardSince = parts.Sidecar.LatestOutage;
    private long _plannedAt;

    public TierRound Round => round;

    /// <summary>Every node of the tree has the round open when this returns.</summary>
    /// <exception cref="InvalidOperationException">No node can carry the plan out.</exception>
    public async Task<RoundRecovery> OpenAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken)
    {
        await parts.Nodes.Loaded.WaitAsync(cancellationToken);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            round.Begin(plan, sink);
            if (round.Tree is null)
            {
                (_saved, _eTag) = await parts.State.ReadAsync(StateKey, RoundTreeJson.Default.RoundTree, cancellationToken);
                if (_saved is not null)
                {
                    round.Use(_saved);
                }
            }

            await ReadyAsync(cancellationToken);
            _plannedAt = parts.Time.GetTimestamp();
            parts.Trees.Opened(round.Key, round.Tree!.Present, round.View);
        }
        finally
        {
            _turn.Release();
        }

        if (_watching.IsCompleted)
        {
            _watching = WatchAsync(_over.Token);
        }

        return new RoundRecovery(round.Stored, []);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
    }

    /// <summary>Where the tree of a round is kept.</summary>
    public static string StateKeyOf(RoundKey key) => $"round.{key}";

    private string StateKey => StateKeyOf(round.Key);

    /// <summary>While devices report: notices what is lost and brings the rest into the next tree; plans again on a period.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await Task.WhenAny(round.Changed, Task.Delay(parts.Options.NodeLossAfter / 4, parts.Time, cancellationToken));
                await _turn.WaitAsync(cancellationToken);
                try
                {
                    if (parts.Time.GetElapsedTime(_plannedAt) >= parts.Planner.Period)
                    {
                        _plannedAt = parts.Time.GetTimestamp();
                        round.Replan(parts.Planner);
                    }

                    if (round.Aggregate is null)
                    {
                        await ReadyAsync(cancellationToken);
                        await SendStartsAsync(cancellationToken);
                    }
                }
                finally
                {
                    _turn.Release();
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The round is over.
            }
            catch (Exception exception)
            {
                // The next look may succeed; the closing meets trouble that lasts, and tells the coordinator.
                LogWatchFailed(exception, round.Key);
            }
        }
    }

    private async Task ReadyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await parts.Sidecar.AnswersAsync(cancellationToken) && parts.Sidecar.LatestOutage is var outage && outage != _heardSince && round.Tree is not null)
            {
                // Hints of stored updates may have got lost with the sidecar: the nodes are asked anew what they hold.
                _heardSince = outage;
                round.Resync();
            }

            if (parts.Sidecar.IsReliable(parts.Options.NodeLossAfter))
            {
                round.Check();
            }

            await PlanAsync(cancellationToken);
            await SaveAsync(cancellationToken);
            Tell(round.TakeDisplaced());
            if (await RecoverAsync(cancellationToken))
            {
                continue;
            }

            IReadOnlyList<TreeNode> missing = round.Missing();
            if (missing.Count == 0)
            {
                return;
            }

            Task changed = round.Changed;
            TreePlan tree = round.Tree!.Present;
            await parts.Bus.PublishAsync(new RoundOpened(round.Plan, tree), cancellationToken);
            round.Asked();
            await WaitAsync(changed, () => round.Tree!.Present.Revision != tree.Revision || round.Missing().Count == 0, cancellationToken);
        }
    }

    /// <summary>A tree for a round that has none, from the nodes that are there, heard or not; waits for the first of them.</summary>
    private async Task PlanAsync(CancellationToken cancellationToken)
    {
        while (round.Tree is null || round.Tree.Present.Nodes.IsEmpty)
        {
            Task changed = round.Changed;
            await parts.Nodes.LoadAsync(cancellationToken);
            if (round.Refusal is { } refusal)
            {
                throw new InvalidOperationException(refusal);
            }

            int revision = (round.Tree?.Present.Revision ?? 0) + 1;
            if (parts.Nodes.ForTrees(parts.Options.NodeLossAfter) is { Count: > 0 } all)
            {
                // Those that the round has lost come last: they may live, and be out of reach of the others or of the server.
                KnownNode[] others = [.. all.Where(node => round.Tree?.Lost.Contains(node.Info.NodeId) != true)];
                IReadOnlyList<KnownNode> present = parts.Nodes.WithinReach(others.Length > 0 ? others : all, 2 * parts.Options.CloseTimeout);
                round.Use(RoundTree.Begin(round.Plan.IsBuffer
                    ? TreePlanner.PlanBuffer(present, round.Plan.ExpectedUpdates, revision, parts.Planner)
                    : TreePlanner.Plan(present, round.Plan.ExpectedUpdates, revision, parts.Planner)));
                LogPlanned(round.Key, revision, round.Tree!.Present.Nodes.Length, round.Tree.Present.Top.NodeId);
                return;
            }

            LogNoNodes(round.Key);
            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        RoundTree tree = round.Tree!;
        if (ReferenceEquals(tree, _saved))
        {
            return;
        }

        if (!await parts.State.TryWriteAsync(StateKey, tree, _eTag, RoundTreeJson.Default.RoundTree, cancellationToken))
        {
            // A store that was in memory may be empty again; anything else was written by another server.
            (RoundTree? other, _eTag) = await parts.State.ReadAsync(StateKey, RoundTreeJson.Default.RoundTree, cancellationToken);
            if (other is not null || !await parts.State.TryWriteAsync(StateKey, tree, "", RoundTreeJson.Default.RoundTree, cancellationToken))
            {
                throw new IOException($"Another process has written the tree of round {round.Key}.");
            }
        }

        (_, _eTag) = await parts.State.ReadAsync(StateKey, RoundTreeJson.Default.RoundTree, cancellationToken);
        _saved = tree;
        parts.Trees.Record(round.Key, tree.Present);
    }

    /// <returns>Whether something was fetched, so that the tree may have changed.</returns>
    private async Task<bool> RecoverAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<TreeNode> holders = round.WithRecovery();
        foreach (TreeNode node in holders)
        {
            try
            {
                IReadOnlySet<string> known = round.KnownOf(node.NodeId);
                ReopenedRound recovery = await parts.Transfers.FetchRecoveryAsync(node, round.Plan, round.Tree!.Present.Revision, cancellationToken);
                LogRecovered(round.Key, node.NodeId, recovery.Recovered.Count, recovery.Lost.Count);
                await TellAsync(node.NodeId, round.TakeRecovery(node.NodeId, recovery, known), cancellationToken);
            }
            catch (TransferFailedException exception)
            {
                LogTransferFailed(exception, round.Key);
                round.NotReached(round.Tree!.Present, node.NodeId);
                await WaitAsync(round.Changed, static () => false, cancellationToken);
            }
        }

        return holders.Count > 0;
    }

    /// <summary>Until something has changed so that the condition holds, or it is time to repeat and to look who is silent.</summary>
    private async Task WaitAsync(Task changed, Func<bool> isReached, CancellationToken cancellationToken)
    {
        Task repeat = Task.Delay(parts.Options.RepeatAfter, parts.Time, cancellationToken);
        while (!isReached())
        {
            if (await Task.WhenAny(changed, repeat) == repeat)
            {
                await repeat;
                return;
            }

            changed = round.Changed;
        }
    }

    /// <summary>Tells the coordinator of stored updates, and the node of those for which nobody waits: the answer to a device may have got lost after its update was in a version.</summary>
    public async Task TellAsync(string nodeId, IReadOnlyList<UpdateCommitted> news, CancellationToken cancellationToken)
    {
        foreach (UpdateCommitted update in news)
        {
            round.Sink.OnStored(update);
        }

        if (round.Plan.IsBuffer)
        {
            foreach (string[] unwanted in news.Select(update => update.AssignmentId).Where(id => !round.Sink.Wants(id)).Chunk(UpdatesStored.MaxUpdates))
            {
                await parts.Bus.PublishAsync(new UpdatesUnwanted(round.Key, round.Plan.WriterEpoch, nodeId, [.. unwanted]), cancellationToken);
            }
        }
    }

    private void Tell(IReadOnlyList<string> displaced)
    {
        if (displaced.Count > 0)
        {
            LogLost(round.Key, displaced.Count, string.Join(", ", round.Tree?.Lost ?? []));
            round.Sink.OnLost(round.Key, displaced);
        }
    }
}
