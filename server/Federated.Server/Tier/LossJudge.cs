using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// Who of a round's tree is lost: the silent, those that live but do not open the tree or are out of reach, and while it closes those that have not handed over in time.
/// The round guards it.
/// </summary>
internal sealed class LossJudge(NodeDirectory nodes, TierOptions options, TimeProvider time)
{
    /// <summary>A node that lives but does not open the round, or is out of the server's reach, is given up after so many times the silence of a lost one.</summary>
    private const int PatienceWithTheUnwilling = 4;

    private readonly Dictionary<string, long> _awaited = new(StringComparer.Ordinal);

    /// <summary>Looks at every node of a tree.</summary>
    /// <returns>The lost ones, and whether another process has taken the place of one that had opened the tree.</returns>
    public (IReadOnlyList<string> Lost, bool IsRestarted) Judge(RoundPlan plan, TreePlan tree, TreeAnswers answers, RoundUpdates updates, bool isClosing)
    {
        var lost = new List<string>();
        bool isRestarted = false;
        foreach (TreeNode node in tree.Nodes)
        {
            if (IsIn(plan, node, answers))
            {
                continue;
            }

            RoundMember member = answers.Of(node.NodeId);
            KnownNode? known = nodes.Find(node.NodeId);
            bool isSilent = known is null || time.GetElapsedTime(known.SeenAt) > options.NodeLossAfter;
            bool isUnwilling = (member.Incarnation is null && HasLasted(member.AskedAt)) || HasLasted(member.UnreachedSince);
            if (isSilent || isUnwilling)
            {
                if (!MayComeBack(plan, node.NodeId, updates, isClosing))
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
                isRestarted |= member.Incarnation is { } incarnation && incarnation != known!.Info.Incarnation;
            }
        }

        foreach (string id in Overdue(plan, tree, answers, updates))
        {
            lost.Add(id);
            nodes.GaveUp(id);
        }

        return (lost, isRestarted);
    }

    /// <summary>
    /// Whether all that is wanted of the node is elsewhere in the present tree already: as long as the tree stands, nothing is lost with the node. Where single updates are handed over, they are
    /// wanted too.
    /// </summary>
    private static bool IsIn(RoundPlan plan, TreeNode node, TreeAnswers answers) =>
        node.Parent is not null && (answers.Aggregate is not null || answers.HasDelivered(node.NodeId)) && (!plan.HandsOver || answers.Of(node.NodeId).HasHandedOver);

    /// <summary>A node with a spool brings its updates back: while devices report it is waited for, while the round closes for some time.</summary>
    private bool MayComeBack(RoundPlan plan, string nodeId, RoundUpdates updates, bool isClosing)
    {
        if (plan.Durability != "spool" || updates.CountOf(nodeId) == 0)
        {
            return false;
        }

        if (!isClosing)
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
    private string[] Overdue(RoundPlan plan, TreePlan tree, TreeAnswers answers, RoundUpdates updates)
    {
        long since = answers.Aggregate is null ? answers.ClosingSince : answers.AnsweredAt;
        if (since == 0 || time.GetElapsedTime(since) <= options.CloseTimeout)
        {
            return [];
        }

        if (answers.Aggregate is not null && plan.HandsOver)
        {
            string[] kept = [.. tree.Nodes.Where(node => !answers.Of(node.NodeId).HasHandedOver).Select(node => node.NodeId)];
            return kept.Length == 0 ? [tree.Top.NodeId] : kept;
        }

        if (answers.Aggregate is null && !plan.IsMean && OutOfReach(tree, answers, updates) is { } suspect)
        {
            return [suspect];
        }

        string[] late = [.. tree.Nodes.Where(node => node.Parent is not null && !answers.HasDelivered(node.NodeId)).Select(node => node.NodeId)];
        bool isTopAtFault = answers.Aggregate is not null || late.Length == 0 || (late.Length > 1 && answers.DeliveredCount == 0);
        return isTopAtFault ? [tree.Top.NodeId] : late;
    }

    /// <summary>
    /// In the two passes everybody waits for everybody when one node is out of reach. It is the one for which the most others wait; of equals not the top, and the one that holds least.
    /// Null when nobody has said what it waits for.
    /// </summary>
    private static string? OutOfReach(TreePlan tree, TreeAnswers answers, RoundUpdates updates)
    {
        TreeNode[] all = [.. tree.Nodes];
        return all.Select(node => (Node: node, Waiting: all.Count(other => other != node && answers.Of(other.NodeId).WaitsFor.Contains(node.NodeId))))
            .Where(pair => pair.Waiting > 0)
            .OrderByDescending(pair => pair.Waiting)
            .ThenBy(pair => pair.Node.Parent is null)
            .ThenBy(pair => updates.CountOf(pair.Node.NodeId))
            .Select(pair => pair.Node.NodeId)
            .FirstOrDefault();
    }

    private bool HasLasted(long since) => since != 0 && time.GetElapsedTime(since) > PatienceWithTheUnwilling * options.NodeLossAfter;
}
