using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Server.Rounds;

namespace Federated.Server.Rest.Contracts;

/// <summary>The tree of an open round at one moment: its plan by revision and hash, and the functions of each node that the server sees.</summary>
internal sealed record LiveTreeView(int Round, TaskKind Kind, int Revision, string Hash, string Top, IReadOnlyList<NodeRoundView> Nodes)
{
    public static LiveTreeView Of(RoundKey key, OpenTree open)
    {
        return new LiveTreeView(key.Round, key.Kind, open.Tree.Revision, open.Tree.Hash, open.Tree.Top.NodeId, open.View());
    }
}
