using System.Collections.Immutable;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

// Who is lost, and the tree that takes the place of the present one.
internal sealed partial class TierRound
{
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
}
