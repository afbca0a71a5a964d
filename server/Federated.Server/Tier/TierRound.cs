using Federated.Aggregator.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// What the server knows of a round on the distributed tier: its tree, which node has answered what, and where each update is. Only
/// facts and what follows from them; <see cref="TierRoundDriver"/> talks to the nodes.
/// </summary>
internal sealed partial class TierRound(RoundKey key, NodeDirectory nodes, TierOptions options, TimeProvider time)
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

    /// <summary>Something outside has changed that may concern the round.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            Signal_NeedsLock();
        }
    }

    private TreeNode NodeOf_NeedsLock(string assignmentId, int number) => Plan.IsBuffer ? _tree!.NodeOf(assignmentId) : _tree!.NodeOf(assignmentId, number);

    private bool IsNews_NeedsLock(UpdateCommitted update)
    {
        _arrivals.TryAdd(update.AssignmentId, _arrivals.Count);
        return _stored.TryAdd(update.AssignmentId, update);
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
