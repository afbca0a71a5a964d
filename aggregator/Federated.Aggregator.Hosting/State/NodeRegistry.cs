using System.Collections.Immutable;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Hosting.State;

/// <summary>
/// Which nodes there are. A node writes itself in when it starts, before it announces itself, and out when it stops in order; of one that was
/// killed the entry stays until its next process takes it over. The server reads here what it has not heard.
/// </summary>
public sealed class NodeRegistry(ITierState state)
{
    private const string Key = "nodes";

    /// <summary>The nodes, by id.</summary>
    public async Task<ImmutableArray<NodeJoined>> ListAsync(CancellationToken cancellationToken)
    {
        (NodeList? list, _) = await state.ReadAsync(Key, TierStateJson.Default.NodeList, cancellationToken);
        return list?.Nodes ?? [];
    }

    /// <summary>Adds a node; an earlier process of the same node gives way.</summary>
    public Task JoinAsync(NodeJoined node, CancellationToken cancellationToken) =>
        UpdateAsync(nodes => nodes.RemoveAll(other => other.NodeId == node.NodeId).Add(node), cancellationToken);

    /// <summary>Removes a node; nothing when another process of it has joined since.</summary>
    public Task LeaveAsync(string nodeId, string incarnation, CancellationToken cancellationToken) =>
        UpdateAsync(nodes => nodes.RemoveAll(node => node.NodeId == nodeId && node.Incarnation == incarnation), cancellationToken);

    private async Task UpdateAsync(Func<ImmutableArray<NodeJoined>, ImmutableArray<NodeJoined>> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            (NodeList? list, string eTag) = await state.ReadAsync(Key, TierStateJson.Default.NodeList, cancellationToken);
            ImmutableArray<NodeJoined> present = list?.Nodes ?? [];
            ImmutableArray<NodeJoined> next = change(present);
            if (next.AsSpan().SequenceEqual(present.AsSpan())
                || await state.TryWriteAsync(
                    Key, new NodeList(next.Sort((x, y) => string.CompareOrdinal(x.NodeId, y.NodeId))), eTag, TierStateJson.Default.NodeList, cancellationToken))
            {
                return;
            }
        }
    }
}
