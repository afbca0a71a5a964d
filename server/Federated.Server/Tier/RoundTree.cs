using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>
/// The tree of an open round and where its updates go, kept in the tier's shared state so that a server that starts again sends
/// nobody elsewhere: what a device has uploaded to one node must never be taken by another as well.
/// </summary>
/// <param name="First">The tree that the round was opened with; places the assignments.</param>
/// <param name="Present">The tree of now: the nodes of the first one without the lost ones.</param>
/// <param name="Lost">Nodes that had the round and will not take part in it any more.</param>
internal sealed record RoundTree(TreePlan First, TreePlan Present, ImmutableArray<string> Lost)
{
    public static RoundTree Begin(TreePlan tree) => new(tree, tree, []);

    /// <summary>
    /// The node that takes an assignment: by the first tree in the order of numbers, as many to each node as were planned for it; those of
    /// a lost node go to the remaining ones by highest random weight, so that a further loss moves only what was lost.
    /// </summary>
    public TreeNode NodeOf(string assignmentId, int number)
    {
        TreeNode planned = PlannedFor(number);
        return Present.Find(planned.NodeId) ?? Present.Nodes.MaxBy(node => Weight(assignmentId, node.NodeId)) ?? planned;
    }

    private TreeNode PlannedFor(int number)
    {
        int total = Math.Max(1, First.Nodes.Sum(node => node.Clients));
        int position = number % total;
        foreach (TreeNode node in First.Nodes)
        {
            if (position < node.Clients)
            {
                return node;
            }

            position -= node.Clients;
        }

        return First.Top;
    }

    private static ulong Weight(string assignmentId, string nodeId) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{assignmentId}/{nodeId}"));
}
