namespace Federated.Coordination.Hierarchy;

/// <summary>
/// Places clients on nodes: each on the fullest node that still has room for one more update in service, so that few nodes
/// are used and updates meet in shared memory. When no node has room, the least overloaded one takes the client.
/// </summary>
public static class BestFitPlacement
{
    /// <summary>Places clients.</summary>
    /// <param name="nodes">The nodes that are alive, with distinct ids.</param>
    /// <param name="clients">Clients to place.</param>
    /// <param name="overflow">Clients placed beyond the residual capacity.</param>
    /// <returns>Clients of each node, in the order of <paramref name="nodes"/>.</returns>
    /// <exception cref="ArgumentException">There are clients but no nodes, or a load is not finite.</exception>
    public static int[] Place(IReadOnlyList<NodeLoad> nodes, int clients, out int overflow)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentOutOfRangeException.ThrowIfNegative(clients);
        overflow = 0;
        int[] placed = new int[nodes.Count];
        if (clients == 0)
        {
            return placed;
        }

        if (nodes.Count == 0)
        {
            throw new ArgumentException($"{clients} clients, but no node is alive.", nameof(nodes));
        }

        foreach (NodeLoad node in nodes)
        {
            if (!double.IsFinite(node.ResidualCapacity))
            {
                throw new ArgumentException($"The load of node {node.NodeId} is not finite.", nameof(nodes));
            }
        }

        // Filling nodes in the order of rising room is what best fit comes to when all items have size one.
        int remaining = clients;
        foreach (int index in Enumerable.Range(0, nodes.Count)
            .OrderBy(index => nodes[index].ResidualCapacity).ThenBy(index => nodes[index].NodeId, StringComparer.Ordinal))
        {
            int room = (int)Math.Clamp(Math.Floor(nodes[index].ResidualCapacity), 0, remaining);
            placed[index] = room;
            remaining -= room;
        }

        overflow = remaining;
        var byOverload = new PriorityQueue<int, (double, string)>(new OverloadOrder());
        for (int index = 0; index < nodes.Count && remaining > 0; index++)
        {
            byOverload.Enqueue(index, (placed[index] - nodes[index].ResidualCapacity, nodes[index].NodeId));
        }

        for (; remaining > 0; remaining--)
        {
            byOverload.TryDequeue(out int index, out (double Overload, string NodeId) key);
            placed[index]++;
            byOverload.Enqueue(index, (key.Overload + 1, key.NodeId));
        }

        return placed;
    }

    private sealed class OverloadOrder : IComparer<(double Overload, string NodeId)>
    {
        public int Compare((double Overload, string NodeId) x, (double Overload, string NodeId) y)
        {
            int byOverload = x.Overload.CompareTo(y.Overload);
            return byOverload != 0 ? byOverload : string.CompareOrdinal(x.NodeId, y.NodeId);
        }
    }
}
