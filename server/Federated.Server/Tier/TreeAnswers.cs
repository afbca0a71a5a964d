using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>What the nodes of a round's present tree have answered, and since when they are asked. The round guards it.</summary>
internal sealed class TreeAnswers(TimeProvider time)
{
    private readonly Dictionary<string, RoundMember> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _delivered = new(StringComparer.Ordinal);

    public IEnumerable<RoundMember> All => _members.Values;

    /// <summary>What the top has said.</summary>
    public AggregateReady? Aggregate { get; private set; }

    /// <summary>Time stamp of the top's first answer.</summary>
    public long AnsweredAt { get; private set; }

    /// <summary>Time stamp since which the nodes are asked to close the tree; 0 before.</summary>
    public long ClosingSince { get; private set; }

    /// <summary>How many nodes have handed their partials over.</summary>
    public int DeliveredCount => _delivered.Count;

    public RoundMember Of(string nodeId) => _members[nodeId];

    public RoundMember? Find(string nodeId) => _members.GetValueOrDefault(nodeId);

    public bool HasDelivered(string nodeId) => _delivered.Contains(nodeId);

    /// <summary>A node has handed its partial over.</summary>
    public void Delivered(string nodeId) => _delivered.Add(nodeId);

    /// <summary>The top has said, perhaps again, that it has the aggregate, or why not.</summary>
    public void Answered(AggregateReady ready)
    {
        AnsweredAt = Aggregate is null ? time.GetTimestamp() : AnsweredAt;
        Aggregate = ready;
    }

    /// <summary>The aggregate is not wanted any more.</summary>
    public void ForgetAggregate() => Aggregate = null;

    /// <summary>Nobody of a tree has answered anything yet.</summary>
    public void Begin(IEnumerable<TreeNode> nodes)
    {
        (Aggregate, ClosingSince, AnsweredAt) = (null, 0, 0);
        _delivered.Clear();
        _members.Clear();
        foreach (TreeNode node in nodes)
        {
            _members.Add(node.NodeId, new RoundMember());
        }
    }

    /// <summary>The nodes were asked to open the tree.</summary>
    public void Asked()
    {
        foreach (RoundMember member in _members.Values.Where(member => member.AskedAt == 0))
        {
            member.AskedAt = time.GetTimestamp();
        }
    }

    /// <summary>The nodes were asked to close the tree.</summary>
    public void ClosingAsked() => ClosingSince = ClosingSince == 0 ? time.GetTimestamp() : ClosingSince;
}
