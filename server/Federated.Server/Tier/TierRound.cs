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
    /// <summary>A node that lives but does not open the round, or is out of the server's reach, is given up after so many times the silence of a lost one.</summary>
    private const int PatienceWithTheUnwilling = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, RoundMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UpdateCommitted> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _assigned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _arrivals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _awaited = new(StringComparer.Ordinal);
    private readonly HashSet<string> _displaced = new(StringComparer.Ordinal);
    private readonly HashSet<string> _delivered = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RoundTree? _tree;
    private string? _refusal;
    private long _closingSince;
    private long _answeredAt;
    private bool _isClosing;

    public RoundKey Key => key;

    public RoundPlan Plan { get; private set; } = null!;

    public IUpdateSink Sink { get; private set; } = null!;

    /// <summary>The aggregate, once it is here; a repeated closing gives it again.</summary>
    public RoundAggregate? Aggregate { get; set; }

    /// <summary>What the top has said of the present tree.</summary>
    public AggregateReady? Answer { get; private set; }

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
                return [.. _stored.Values];
            }
        }
    }

    /// <summary>How many updates each node of the tree has told of.</summary>
    public IReadOnlyList<NodeRoundView> View()
    {
        lock (_gate)
        {
            return [.. (_tree?.Present.Nodes ?? []).Select(node => new NodeRoundView(
                node.NodeId, _stored.Values.Count(update => update.NodeId == node.NodeId), 0, 0, []))];
        }
    }

    private bool IsSpooled => Plan.Durability == "spool";

    /// <summary>A coordinator, the first or a later one, opens the round, or opens it again after a closing that was not enough.</summary>
    public void Begin(RoundPlan plan, IUpdateSink sink)
    {
        lock (_gate)
        {
            bool isNewWriter = Plan is not null && plan.WriterEpoch != Plan.WriterEpoch;
            bool wasClosing = _isClosing;
            (Plan, Sink, Aggregate, Answer, _isClosing, _refusal) = (plan, sink, null, null, false, null);
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
            _displaced.UnionWith(_assigned.Keys);
            _stored.Clear();
            ForgetAnswers_NeedsLock();
            Signal_NeedsLock();
        }
    }

    /// <summary>Assignments whose updates were lost, or were to go to a node that was: each is given once.</summary>
    public IReadOnlyList<string> TakeDisplaced()
    {
        lock (_gate)
        {
            string[] displaced = [.. _displaced];
            _displaced.Clear();
            return displaced;
        }
    }

    /// <summary>The node that takes an assignment.</summary>
    public TreeNode NodeOf(string assignmentId, int number)
    {
        lock (_gate)
        {
            _assigned[assignmentId] = number;
            return _tree is null ? throw new InvalidOperationException($"Round {key} is not open.") : NodeOf_NeedsLock(assignmentId, number);
        }
    }

    /// <summary>Nodes of the tree that have not opened it yet.</summary>
    public IReadOnlyList<TreeNode> Missing()
    {
        lock (_gate)
        {
            return [.. _tree!.Present.Nodes.Where(node => _members[node.NodeId].Incarnation is null)];
        }
    }

    /// <summary>Nodes that have opened the tree and had something of the round.</summary>
    public IReadOnlyList<TreeNode> WithRecovery()
    {
        lock (_gate)
        {
            return [.. _tree!.Present.Nodes.Where(node => _members[node.NodeId].HasRecovery)];
        }
    }

    /// <summary>Nodes that have opened the tree and do not know yet where the rule starts.</summary>
    public IReadOnlyList<TreeNode> WithoutStart()
    {
        lock (_gate)
        {
            return Plan.Centred.IsEmpty
                ? []
                : [.. _tree!.Present.Nodes.Where(node => _members[node.NodeId] is { Incarnation: not null, HasStart: false })];
        }
    }

    /// <summary>A node of a tree knows where the rule starts.</summary>
    public void Started(TreePlan tree, string nodeId)
    {
        lock (_gate)
        {
            if (_tree?.Present.Revision == tree.Revision && _members.TryGetValue(nodeId, out RoundMember? member))
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
            if (_tree?.Present.Revision == tree.Revision && _members.TryGetValue(nodeId, out RoundMember? member) && member.UnreachedSince == 0)
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
            if (_tree?.Present.Revision == tree.Revision && _members.TryGetValue(nodeId, out RoundMember? member))
            {
                member.HasHandedOver = true;
            }
        }
    }

    public void Take(RoundReady ready)
    {
        lock (_gate)
        {
            if (!IsOfPresent_NeedsLock(ready.WriterEpoch, ready.Revision) || !_members.TryGetValue(ready.NodeId, out RoundMember? member))
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
                member.HasRecovery = ready.Recovered + ready.Lost > 0 || _stored.Values.Any(update => update.NodeId == ready.NodeId);
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
            return _tree?.Present.Find(stored.NodeId) is null || _members[stored.NodeId].Incarnation is { } present && present != stored.Incarnation
                ? []
                : [.. stored.Updates.Where(IsNews_NeedsLock)];
        }
    }

    /// <summary>Updates in the order in which the server has heard of them.</summary>
    public IReadOnlyList<UpdateCommitted> InOrderOfArrival(IReadOnlyList<UpdateCommitted> updates)
    {
        lock (_gate)
        {
            return [.. updates.OrderBy(update => _arrivals.GetValueOrDefault(update.AssignmentId, int.MaxValue))];
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
            if (Plan is null || held.WriterEpoch != Plan.WriterEpoch || !_members.TryGetValue(alive.NodeId, out RoundMember? member)
                || member.Incarnation != alive.Incarnation || alive.Sequence <= member.Beat)
            {
                return;
            }

            int known = _stored.Values.Count(update => update.NodeId == alive.NodeId);
            if (member.Beat > 0 && (known < member.Held || held.Stored < member.Known))
            {
                member.HasRecovery = true;
                Signal_NeedsLock();
            }

            (member.Beat, member.Held, member.Known) = (alive.Sequence, held.Stored, known);
        }
    }

    /// <summary>The updates of a node that are known now.</summary>
    public IReadOnlySet<string> KnownOf(string nodeId)
    {
        lock (_gate)
        {
            return _stored.Values.Where(update => update.NodeId == nodeId).Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);
        }
    }

    public void Take(ClosingDelayed delayed)
    {
        lock (_gate)
        {
            if (IsOfPresent_NeedsLock(delayed.WriterEpoch, delayed.Revision) && _members.TryGetValue(delayed.NodeId, out RoundMember? member))
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
                _delivered.Add(ready.NodeId);
            }
        }
    }

    public void Take(AggregateReady ready)
    {
        lock (_gate)
        {
            if (IsOfPresent_NeedsLock(ready.WriterEpoch, ready.Revision))
            {
                _answeredAt = Answer is null ? time.GetTimestamp() : _answeredAt;
                Answer = ready;
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
            if (!_members.TryGetValue(nodeId, out RoundMember? member))
            {
                return [];
            }

            member.HasRecovery = false;
            member.UnreachedSince = 0;
            if (recovery.Recovered.Any(update => _stored.TryGetValue(update.AssignmentId, out UpdateCommitted? other) && other.NodeId != nodeId))
            {
                Lose_NeedsLock([nodeId]);
                return [];
            }

            HashSet<string> held = [.. recovery.Recovered.Select(update => update.AssignmentId)];
            string[] lost = [.. _stored.Values
                .Where(update => update.NodeId == nodeId && known.Contains(update.AssignmentId) && !held.Contains(update.AssignmentId))
                .Select(update => update.AssignmentId).Union(recovery.Lost.Where(id => !_stored.ContainsKey(id)))];
            foreach (string id in lost)
            {
                _stored.Remove(id);
            }

            _displaced.UnionWith(lost);
            return [.. recovery.Recovered.Where(IsNews_NeedsLock)];
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

            var lost = new List<string>();
            bool restarted = false;
            foreach (TreeNode node in _tree.Present.Nodes)
            {
                if (IsIn_NeedsLock(node))
                {
                    continue;
                }

                RoundMember member = _members[node.NodeId];
                KnownNode? known = nodes.Find(node.NodeId);
                bool isSilent = known is null || time.GetElapsedTime(known.SeenAt) > options.NodeLossAfter;
                bool isUnwilling = (member.Incarnation is null && HasLasted_NeedsLock(member.AskedAt)) || HasLasted_NeedsLock(member.UnreachedSince);
                if (isSilent || isUnwilling)
                {
                    if (!MayComeBack_NeedsLock(node.NodeId))
                    {
                        lost.Add(node.NodeId);
                        if (!isSilent)
                        {
                            nodes.GaveUp(node.NodeId);
                        }
                    }
                }
                else
                {
                    _awaited.Remove(node.NodeId);
                    restarted |= member.Incarnation is { } incarnation && incarnation != known!.Info.Incarnation;
                }
            }

            foreach (string id in Overdue_NeedsLock())
            {
                lost.Add(id);
                nodes.GaveUp(id);
            }

            if (lost.Count > 0)
            {
                Lose_NeedsLock(lost);
            }
            else if (restarted)
            {
                Replace_NeedsLock(_tree.Lost);
            }
        }
    }

    /// <summary>Notes that the nodes were asked to close the present tree.</summary>
    public void ClosingAsked()
    {
        lock (_gate)
        {
            _closingSince = _closingSince == 0 ? time.GetTimestamp() : _closingSince;
        }
    }

    /// <summary>Notes that the nodes were asked to open the present tree.</summary>
    public void Asked()
    {
        lock (_gate)
        {
            foreach (RoundMember member in _members.Values.Where(member => member.AskedAt == 0))
            {
                member.AskedAt = time.GetTimestamp();
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
            if (Plan.IsBuffer || _isClosing || Aggregate is not null || _assigned.Count == 0 || _tree is not { Present.Nodes.IsEmpty: false } tree
                || _members.Values.Any(member => member.Incarnation is null || member.HasRecovery))
            {
                return;
            }

            KnownNode[] present = [.. nodes.Present(options.NodeLossAfter).Where(node => tree.Present.Find(node.Info.NodeId) is not null)];
            if (present.Length < tree.Present.Nodes.Length)
            {
                return;
            }

            int from = Math.Max(tree.FirstLater, _assigned.Values.Max() + 1);
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

    /// <summary>Something outside has changed that may concern the round.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            Signal_NeedsLock();
        }
    }

    /// <summary>
    /// Whether all that is wanted of the node is elsewhere in the present tree already: as long as the tree stands, nothing is lost with the node. Where single updates are handed over, they are
    /// wanted too.
    /// </summary>
    private bool IsIn_NeedsLock(TreeNode node) =>
        node.Parent is not null && (Answer is not null || _delivered.Contains(node.NodeId)) && (!Plan.HandsOver || _members[node.NodeId].HasHandedOver);

    /// <summary>A node with a spool brings its updates back: while devices report it is waited for, while the round closes for some time.</summary>
    private bool MayComeBack_NeedsLock(string nodeId)
    {
        if (!IsSpooled || !_stored.Values.Any(update => update.NodeId == nodeId))
        {
            return false;
        }

        if (!_isClosing)
        {
            return true;
        }

        _awaited.TryAdd(nodeId, time.GetTimestamp());
        return time.GetElapsedTime(_awaited[nodeId]) <= options.SpoolWait;
    }

    /// <summary>
    /// Nodes that live but have not handed their partials over in time. The top, when all others have, when none of several could, or when its
    /// aggregate cannot be fetched. Where single updates are handed over: those whose updates could not be fetched.
    /// </summary>
    private string[] Overdue_NeedsLock()
    {
        long since = Answer is null ? _closingSince : _answeredAt;
        if (since == 0 || time.GetElapsedTime(since) <= options.CloseTimeout)
        {
            return [];
        }

        if (Answer is not null && Plan.HandsOver)
        {
            string[] kept = [.. _tree!.Present.Nodes.Where(node => !_members[node.NodeId].HasHandedOver).Select(node => node.NodeId)];
            return kept.Length == 0 ? [_tree.Present.Top.NodeId] : kept;
        }

        if (Answer is null && !Plan.IsMean && OutOfReach_NeedsLock() is { } suspect)
        {
            return [suspect];
        }

        string[] late = [.. _tree!.Present.Nodes.Where(node => node.Parent is not null && !_delivered.Contains(node.NodeId)).Select(node => node.NodeId)];
        bool isTopAtFault = Answer is not null || late.Length == 0 || (late.Length > 1 && _delivered.Count == 0);
        return isTopAtFault ? [_tree.Present.Top.NodeId] : late;
    }

    private TreeNode NodeOf_NeedsLock(string assignmentId, int number) => Plan.IsBuffer ? _tree!.NodeOf(assignmentId) : _tree!.NodeOf(assignmentId, number);

    private bool IsNews_NeedsLock(UpdateCommitted update)
    {
        _arrivals.TryAdd(update.AssignmentId, _arrivals.Count);
        return _stored.TryAdd(update.AssignmentId, update);
    }

    /// <summary>
    /// In the two passes everybody waits for everybody when one node is out of reach. It is the one for which the most others wait; of equals not the top, and the one that holds least.
    /// Null when nobody has said what it waits for.
    /// </summary>
    private string? OutOfReach_NeedsLock()
    {
        TreeNode[] all = [.. _tree!.Present.Nodes];
        return all.Select(node => (Node: node, Waiting: all.Count(other => other != node && _members[other.NodeId].WaitsFor.Contains(node.NodeId))))
            .Where(pair => pair.Waiting > 0)
            .OrderByDescending(pair => pair.Waiting)
            .ThenBy(pair => pair.Node.Parent is null)
            .ThenBy(pair => _stored.Values.Count(update => update.NodeId == pair.Node.NodeId))
            .Select(pair => pair.Node.NodeId)
            .FirstOrDefault();
    }

    private bool HasLasted_NeedsLock(long since) => since != 0 && time.GetElapsedTime(since) > PatienceWithTheUnwilling * options.NodeLossAfter;

    /// <summary>Takes nodes out of the round for good. An empty tree is left for the driver to plan anew.</summary>
    private void Lose_NeedsLock(IReadOnlyList<string> lost)
    {
        string[] displaced = [.. _stored.Values.Where(update => lost.Contains(update.NodeId)).Select(update => update.AssignmentId)
            .Union(_assigned.Where(pair => !_stored.ContainsKey(pair.Key) && lost.Contains(NodeOf_NeedsLock(pair.Key, pair.Value).NodeId)).Select(pair => pair.Key))];
        foreach (string id in displaced)
        {
            _stored.Remove(id);
        }

        _displaced.UnionWith(displaced);
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

    private void ForgetAnswers_NeedsLock()
    {
        Answer = null;
        _closingSince = 0;
        _answeredAt = 0;
        _delivered.Clear();
        _members.Clear();
        foreach (TreeNode node in _tree?.Present.Nodes ?? [])
        {
            _members.Add(node.NodeId, new RoundMember());
        }
    }

    private bool IsOfPresent_NeedsLock(ulong writerEpoch, int revision) =>
        Plan is not null && _tree is not null && writerEpoch == Plan.WriterEpoch && revision == _tree.Present.Revision;

    private void Signal_NeedsLock()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
