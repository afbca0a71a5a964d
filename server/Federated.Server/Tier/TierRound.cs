using System.Collections.Immutable;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// What the server knows of a round on the distributed tier: its tree, which node has answered what, and where each update is. Only
/// facts and what follows from them; <see cref="TierRoundDriver"/> talks to the nodes.
/// </summary>
internal sealed class TierRound(RoundKey key, NodeDirectory nodes, TierOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly RoundUpdates _updates = new();
    private readonly TreeAnswers _answers = new(time);
    private readonly LossJudge _losses = new(nodes, options, time);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RoundTree? _tree;
    private string? _refusal;
    private bool _isClosing;

    public RoundKey Key => key;

    public RoundPlan Plan { get; private set; } = null!;

    public IUpdateSink Sink { get; private set; } = null!;

    /// <summary>The aggregate, once it is here; a repeated closing gives it again.</summary>
    public RoundAggregate? Aggregate { get; set; }

    /// <summary>What the top has said of the present tree.</summary>
    public AggregateReady? Answer
    {
        get
        {
            lock (_gate)
            {
                return _answers.Aggregate;
            }
        }
    }

    /// <summary>Done at the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>The tree of now; null before the round is planned.</summary>
    public RoundTree? Tree
    {
        get
        {
            lock (_gate)
            {
                return _tree;
            }
        }
    }

    /// <summary>The latest refusal of a node.</summary>
    public string? Refusal
    {
        get
        {
            lock (_gate)
            {
                return _refusal;
            }
        }
    }

    /// <summary>Updates that the nodes of the tree hold.</summary>
    public IReadOnlyList<UpdateCommitted> Stored
    {
        get
        {
            lock (_gate)
            {
                return [.. _updates.Stored];
            }
        }
    }

    /// <summary>How many updates each node of the tree has told of.</summary>
    public IReadOnlyList<NodeRoundView> View()
    {
        lock (_gate)
        {
            return [.. (_tree?.Present.Nodes ?? []).Select(node => new NodeRoundView(
                node.NodeId, _updates.CountOf(node.NodeId), 0, 0, []))];
        }
    }

    /// <summary>A coordinator, the first or a later one, opens the round, or opens it again after a closing that was not enough.</summary>
    public void Begin(RoundPlan plan, IUpdateSink sink)
    {
        lock (_gate)
        {
            bool isNewWriter = Plan is not null && plan.WriterEpoch != Plan.WriterEpoch;
            bool wasClosing = _isClosing;
            (Plan, Sink, Aggregate, _isClosing, _refusal) = (plan, sink, null, false, null);
            _answers.ForgetAggregate();
            if (isNewWriter)
            {
                ForgetAnswers_NeedsLock();
            }
            else if (wasClosing && _tree is { Present.Nodes.IsEmpty: false })
            {
                // Nodes have closed the present tree; only another one makes them take updates again.
                Replace_NeedsLock(_tree.Lost);
            }
        }
    }

    /// <summary>From now on what is lost is not asked for again.</summary>
    public void BeginClosing()
    {
        lock (_gate)
        {
            _isClosing = true;
        }
    }

    /// <summary>
    /// Puts the round into a tree: a first one, the one that an earlier process of the server has left, or one in the place of a tree that
    /// is gone as a whole.
    /// </summary>
    public void Use(RoundTree tree)
    {
        lock (_gate)
        {
            _tree = tree;
            _updates.DisplaceAll();
            ForgetAnswers_NeedsLock();
            Signal_NeedsLock();
        }
    }

    /// <summary>Assignments whose updates were lost, or were to go to a node that was: each is given once.</summary>
    public IReadOnlyList<string> TakeDisplaced()
    {
        lock (_gate)
        {
            return _updates.TakeDisplaced();
        }
    }

    /// <summary>The node that takes an assignment.</summary>
    public TreeNode NodeOf(string assignmentId, int number)
    {
        lock (_gate)
        {
            _updates.Assign(assignmentId, number);
            return _tree is null ? throw new InvalidOperationException($"Round {key} is not open.") : NodeOf_NeedsLock(assignmentId, number);
        }
    }

    /// <summary>Nodes of the tree that have not opened it yet.</summary>
    public IReadOnlyList<TreeNode> Missing()
    {
        lock (_gate)
        {
            return [.. _tree!.Present.Nodes.Where(node => _answers.Of(node.NodeId).Incarnation is null)];
        }
    }

    /// <summary>Nodes that have opened the tree and had something of the round.</summary>
    public IReadOnlyList<TreeNode> WithRecovery()
    {
        lock (_gate)
        {
            return [.. _tree!.Present.Nodes.Where(node => _answers.Of(node.NodeId).HasRecovery)];
        }
    }

    /// <summary>Nodes that have opened the tree and do not know yet where the rule starts.</summary>
    public IReadOnlyList<TreeNode> WithoutStart()
    {
        lock (_gate)
        {
            return Plan.Centred.IsEmpty
                ? []
                : [.. _tree!.Present.Nodes.Where(node => _answers.Of(node.NodeId) is { Incarnation: not null, HasStart: false })];
        }
    }

    /// <summary>A node of a tree knows where the rule starts.</summary>
    public void Started(TreePlan tree, string nodeId)
    {
        lock (_gate)
        {
            if (_tree?.Present.Revision == tree.Revision && _answers.Find(nodeId) is { } member)
            {
                member.HasStart = true;
                member.UnreachedSince = 0;
            }
        }
    }

    /// <summary>The server could not reach a node of a tree.</summary>
    public void NotReached(TreePlan tree, string nodeId)
    {
        lock (_gate)
        {
            if (_tree?.Present.Revision == tree.Revision && _answers.Find(nodeId) is { } member && member.UnreachedSince == 0)
            {
                member.UnreachedSince = time.GetTimestamp();
            }
        }
    }

    /// <summary>The updates that a node of a tree keeps are here.</summary>
    public void HandedOver(TreePlan tree, string nodeId)
    {
        lock (_gate)
        {
            if (_tree?.Present.Revision == tree.Revision && _answers.Find(nodeId) is { } member)
            {
                member.HasHandedOver = true;
            }
        }
    }

    public void Take(RoundReady ready)
    {
        lock (_gate)
        {
            if (!IsOfPresent_NeedsLock(ready.WriterEpoch, ready.Revision) || _answers.Find(ready.NodeId) is not { } member)
            {
                return;
            }

            if (ready.Refusal is { } refusal)
            {
                _refusal = $"Node {ready.NodeId}: {refusal}";
                Lose_NeedsLock([ready.NodeId]);
            }
            else if (member.Incarnation != ready.Incarnation)
            {
                member.Incarnation = ready.Incarnation;
                member.HasRecovery = ready.Recovered + ready.Lost > 0 || _updates.CountOf(ready.NodeId) > 0;
            }

            Signal_NeedsLock();
        }
    }

    /// <returns>The updates that are news.</returns>
    public IReadOnlyList<UpdateCommitted> Take(UpdatesStored stored)
    {
        lock (_gate)
        {
            // The claims of an earlier process of the node are judged by what the present one has recovered.
            return _tree?.Present.Find(stored.NodeId) is null || _answers.Of(stored.NodeId).Incarnation is { } present && present != stored.Incarnation
                ? []
                : [.. stored.Updates.Where(_updates.TryStore)];
        }
    }

    /// <summary>Updates in the order in which the server has heard of them.</summary>
    public IReadOnlyList<UpdateCommitted> InOrderOfArrival(IReadOnlyList<UpdateCommitted> updates)
    {
        lock (_gate)
        {
            return _updates.InOrderOfArrival(updates);
        }
    }

    /// <summary>The updates of a node that are known now.</summary>
    public IReadOnlySet<string> KnownOf(string nodeId)
    {
        lock (_gate)
        {
            return _updates.Of(nodeId).Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);
        }
    }

    public void Take(ClosingDelayed delayed)
    {
        lock (_gate)
        {
            if (IsOfPresent_NeedsLock(delayed.WriterEpoch, delayed.Revision) && _answers.Find(delayed.NodeId) is { } member)
            {
                member.WaitsFor = delayed.Nodes;
            }
        }
    }

    public void Take(PartialReady ready)
    {
        lock (_gate)
        {
            if (IsOfPresent_NeedsLock(ready.WriterEpoch, ready.Revision))
            {
                _answers.Delivered(ready.NodeId);
            }
        }
    }

    public void Take(AggregateReady ready)
    {
        lock (_gate)
        {
            if (IsOfPresent_NeedsLock(ready.WriterEpoch, ready.Revision))
            {
                _answers.Answered(ready);
                Signal_NeedsLock();
            }
        }
    }

    /// <summary>What a node has of the round. An update that another node of the tree has too would count twice: the node is given up.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="recovery">Its answer.</param>
    /// <param name="known">What was known of it before it was asked: only that can be lost, because more may have been stored since the answer.</param>
    /// <returns>Updates that are news.</returns>
    public IReadOnlyList<UpdateCommitted> TakeRecovery(string nodeId, ReopenedRound recovery, IReadOnlySet<string> known)
    {
        lock (_gate)
        {
            if (_answers.Find(nodeId) is not { } member)
            {
                return [];
            }

            member.HasRecovery = false;
            member.UnreachedSince = 0;
            if (recovery.Recovered.Any(update => _updates.IsElsewhere(update, nodeId)))
            {
                Lose_NeedsLock([nodeId]);
                return [];
            }

            _updates.TakeLost(nodeId, recovery, known);
            return [.. recovery.Recovered.Where(_updates.TryStore)];
        }
    }

    /// <summary>Notes that the nodes were asked to close the present tree.</summary>
    public void ClosingAsked()
    {
        lock (_gate)
        {
            _answers.ClosingAsked();
        }
    }

    /// <summary>Notes that the nodes were asked to open the present tree.</summary>
    public void Asked()
    {
        lock (_gate)
        {
            _answers.Asked();
        }
    }

    /// <summary>Something outside has changed that may concern the round.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            Signal_NeedsLock();
        }
    }

    /// <summary>
    /// Compares what a node counts with what it has told of. What is still missing one sign of life later has got lost on the way, and what was
    /// known one earlier and is not there now has got lost at the node: then the node is asked what it holds.
    /// </summary>
    public void Compare(NodeAlive alive, HeldRound held)
    {
        lock (_gate)
        {
            if (Plan is null || held.WriterEpoch != Plan.WriterEpoch || _answers.Find(alive.NodeId) is not { } member
                || member.Incarnation != alive.Incarnation || alive.Sequence <= member.Beat)
            {
                return;
            }

            int known = _updates.CountOf(alive.NodeId);
            if (member.Beat > 0 && (known < member.Held || held.Stored < member.Known))
            {
                member.HasRecovery = true;
                Signal_NeedsLock();
            }

            (member.Beat, member.Held, member.Known) = (alive.Sequence, held.Stored, known);
        }
    }

    /// <summary>Looks who is silent, gone or another process, and changes the tree accordingly.</summary>
    public void Check()
    {
        lock (_gate)
        {
            if (_tree is null || Aggregate is not null)
            {
                return;
            }

            (IReadOnlyList<string> lost, bool isRestarted) = _losses.Judge(Plan, _tree.Present, _answers, _updates, _isClosing);
            if (lost.Count > 0)
            {
                Lose_NeedsLock(lost);
            }
            else if (isRestarted)
            {
                Replace_NeedsLock(_tree.Lost);
            }
        }
    }

    /// <summary>Puts the same nodes into the next revision of the tree, so that each says again what it holds.</summary>
    public void Resync()
    {
        lock (_gate)
        {
            if (!_tree!.Present.Nodes.IsEmpty && Aggregate is null)
            {
                Replace_NeedsLock(_tree.Lost);
            }
        }
    }

    /// <summary>
    /// Looks at the loads again: other leaves, and other nodes for assignments that are not made yet. Not while the round closes, or while a node is
    /// silent or has not opened the present tree: what is under way comes first.
    /// </summary>
    public void Replan(PlannerOptions planner)
    {
        lock (_gate)
        {
            // The nodes of a buffer sum nothing, and its assignments are placed by their ids.
            if (Plan.IsBuffer || _isClosing || Aggregate is not null || _updates.LastNumber is not { } last || _tree is not { Present.Nodes.IsEmpty: false } tree
                || _answers.All.Any(member => member.Incarnation is null || member.HasRecovery))
            {
                return;
            }

            KnownNode[] present = [.. nodes.Present(options.NodeLossAfter).Where(node => tree.Present.Find(node.Info.NodeId) is not null)];
            if (present.Length < tree.Present.Nodes.Length)
            {
                return;
            }

            int from = Math.Max(tree.FirstLater, last + 1);
            if (TreeReplanning.Again(
                tree.Present,
                [.. present.Select(node => node.Load)],
                present.ToDictionary(node => node.Info.NodeId, node => node.Queue, StringComparer.Ordinal),
                tree.PlannedFor(from),
                planner) is { } replan)
            {
                _tree = tree.Again(replan, from);
                ForgetAnswers_NeedsLock();
                Signal_NeedsLock();
            }
        }
    }

    private TreeNode NodeOf_NeedsLock(string assignmentId, int number) => Plan.IsBuffer ? _tree!.NodeOf(assignmentId) : _tree!.NodeOf(assignmentId, number);

    /// <summary>Takes nodes out of the round for good. An empty tree is left for the driver to plan anew.</summary>
    private void Lose_NeedsLock(IReadOnlyList<string> lost)
    {
        _updates.Displace(lost, (assignmentId, number) => NodeOf_NeedsLock(assignmentId, number).NodeId);
        Replace_NeedsLock([.. _tree!.Lost.Union(lost, StringComparer.Ordinal)]);
    }

    private void Replace_NeedsLock(ImmutableArray<string> lost)
    {
        TreePlan present = _tree!.Present.Nodes.All(node => lost.Contains(node.NodeId))
            ? _tree.Present with { Revision = _tree.Present.Revision + 1, Nodes = [] }
            : TreePlanner.Without(_tree.Present, lost, id => nodes.Find(id)?.Info);
        _tree = _tree with { Present = present, Lost = lost };
        ForgetAnswers_NeedsLock();
        Signal_NeedsLock();
    }

    private void ForgetAnswers_NeedsLock() => _answers.Begin(_tree?.Present.Nodes ?? []);

    private bool IsOfPresent_NeedsLock(ulong writerEpoch, int revision) =>
        Plan is not null && _tree is not null && writerEpoch == Plan.WriterEpoch && revision == _tree.Present.Revision;

    private void Signal_NeedsLock()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
