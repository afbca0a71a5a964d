using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// The tree of an open round and where its updates go, kept in the tier's shared state so that a server that starts again sends
/// nobody elsewhere: what a device has uploaded to one node must never be taken by another as well.
/// </summary>
/// <param name="First">The tree that the round was opened with; places the assignments.</param>
/// <param name="Present">The tree of now: the nodes of the first one without the lost ones.</param>
/// <param name="Lost">Nodes that had the round and will not take part in it any more.</param>
/// <param name="Later">Where later assignments go than the first tree was planned for, by rising numbers; null for the same nodes.</param>
internal sealed record RoundTree(TreePlan First, TreePlan Present, ImmutableArray<string> Lost, IReadOnlyList<LaterPlacement>? Later = null)
{
    public static RoundTree Begin(TreePlan tree) => new(tree, tree, []);

    /// <summary>
    /// The node that takes an assignment: by the first tree in the order of numbers, as many to each node as were planned for it; those of
    /// a lost node go to the remaining ones by highest random weight, so that a further loss moves only what was lost.
    /// </summary>
    public TreeNode NodeOf(string assignmentId, int number) =>
        Present.Find(PlannedFor(number)) ?? NodeOf(assignmentId);

    /// <summary>The node that takes an assignment of a buffer: the same in the job's next buffers, as long as the same nodes are there.</summary>
    public TreeNode NodeOf(string assignmentId) => Present.Nodes.MaxBy(node => Weight(assignmentId, node.NodeId)) ?? First.Top;

    /// <summary>The number from which on assignments may go elsewhere than the first tree says.</summary>
    public int FirstLater => First.Nodes.Sum(node => node.Clients);

    /// <summary>The node that takes an assignment of that number as long as it is not lost.</summary>
    public string PlannedFor(int number)
    {
        LaterPlacement? later = Later?.LastOrDefault(placement => placement.From <= number);
        IEnumerable<NodeClients> shares = later?.Nodes.AsEnumerable() ?? First.Nodes.Select(node => new NodeClients(node.NodeId, node.Clients));
        int position = (number - (later?.From ?? 0)) % Math.Max(1, shares.Sum(share => share.Clients));
        foreach (NodeClients share in shares)
        {
            if (position < share.Clients)
            {
                return share.NodeId;
            }

            position -= share.Clients;
        }

        return First.Top.NodeId;
    }

    /// <summary>The same round in the next revision of its tree; assignments from a number on go where the plan says.</summary>
    public RoundTree Again(Replan replan, int from) => this with
    {
        Present = replan.Tree,
        Later = [.. (Later ?? []).Where(placement => placement.From < from), new LaterPlacement(from, replan.Later)],
    };

    private static ulong Weight(string assignmentId, string nodeId) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{assignmentId}/{nodeId}"));
}
