using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Federated.Protocol.Tier;

/// <summary>
/// The aggregation tree of a round: pure data, equal on every node. A tree that takes the place of another, after a node was lost, has
/// the next revision, and with it another hash: partials of two trees never meet.
/// </summary>
/// <param name="Revision">From 1, rising within a round.</param>
/// <param name="Nodes">The nodes by id, in ordinal order; exactly one has no parent.</param>
/// <param name="Overflow">Devices placed beyond the capacity of the nodes: they are served, but later.</param>
/// <param name="UpdatesPerLeaf">I: waiting updates for which one leaf is enough, at least 1.</param>
public sealed record TreePlan(int Revision, ImmutableArray<TreeNode> Nodes, int Overflow = 0, int UpdatesPerLeaf = 2)
{
    /// <summary>The tree of a tier that is one node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="clients">Devices of the round.</param>
    /// <param name="leaves">The most leaves at the same time.</param>
    public static TreePlan Single(string nodeId, int clients, int leaves) =>
        new(1, [new TreeNode(nodeId, TreeRole.Top, null, clients, leaves)]);

    /// <summary>The node where the round ends.</summary>
    /// <exception cref="InvalidOperationException">The plan is malformed; see <see cref="Fault"/>.</exception>
    [JsonIgnore]
    public TreeNode Top => Nodes.Single(node => node.Parent is null);

    /// <summary>SHA-256 of the plan's JSON in lower-case hexadecimal; every partial that travels names it.</summary>
    [JsonIgnore]
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, TierJson.Default.TreePlan)));

    /// <summary>The node of that id, or null.</summary>
    /// <param name="nodeId">The id.</param>
    public TreeNode? Find(string nodeId) => Nodes.FirstOrDefault(node => node.NodeId == nodeId);

    /// <summary>The nodes whose partials this one takes, in the plan's order.</summary>
    /// <param name="nodeId">The id.</param>
    public IEnumerable<TreeNode> ChildrenOf(string nodeId) => Nodes.Where(node => node.Parent == nodeId);

    /// <summary>What is wrong with the plan, in one sentence; null when it is a tree.</summary>
    public string? Fault()
    {
        if (Revision < 1 || UpdatesPerLeaf < 1 || Nodes.IsDefaultOrEmpty)
        {
            return $"A tree has a revision from 1, updates per leaf from 1 and at least one node; this one has revision {Revision}, {UpdatesPerLeaf} updates per leaf and {(Nodes.IsDefault ? 0 : Nodes.Length)} nodes.";
        }

        var byId = new Dictionary<string, TreeNode>(StringComparer.Ordinal);
        foreach (TreeNode node in Nodes)
        {
            if (!byId.TryAdd(node.NodeId, node))
            {
                return $"Node {node.NodeId} is in the tree twice.";
            }

            if (node.Leaves < 1 || node.Clients < 0)
            {
                return $"Node {node.NodeId} has {node.Leaves} leaves and {node.Clients} devices; it needs at least one leaf.";
            }
        }

        if (Nodes.Count(node => node.Parent is null) is int tops && tops != 1)
        {
            return $"A tree has one top; this one has {tops}.";
        }

        foreach (TreeNode node in Nodes)
        {
            // A chain of parents longer than the number of nodes runs in a circle.
            TreeNode at = node;
            for (int step = 0; at.Parent is not null; step++)
            {
                if (!byId.TryGetValue(at.Parent, out TreeNode? parent) || step > Nodes.Length)
                {
                    return $"Node {node.NodeId} does not lead to the top: {at.NodeId} has the parent {at.Parent}.";
                }

                at = parent;
            }
        }

        return null;
    }

    /// <summary>Equal when every field is, nodes in order.</summary>
    /// <param name="other">Another plan.</param>
    public bool Equals(TreePlan? other) =>
        other is not null && Revision == other.Revision && Overflow == other.Overflow && UpdatesPerLeaf == other.UpdatesPerLeaf
        && Nodes.AsSpan().SequenceEqual(other.Nodes.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Revision, Overflow, Nodes.IsDefault ? 0 : Nodes.Length);
}
