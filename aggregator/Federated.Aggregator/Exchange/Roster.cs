using Federated.Aggregation.Robust.Catalog;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Exchange;

/// <summary>All updates of a round in the one order that every node comes to: that of their assignment ids.</summary>
internal sealed class Roster
{
    private readonly ExchangePlan _plan;
    private readonly string[] _nodes;

    /// <exception cref="InvalidOperationException">An update is at two nodes.</exception>
    public Roster(ExchangePlan plan, IEnumerable<(string Node, UpdateCommitted Update)> held)
    {
        (string Node, UpdateCommitted Update)[] sorted = [.. held.OrderBy(pair => pair.Update.AssignmentId, StringComparer.Ordinal)];
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Update.AssignmentId == sorted[i - 1].Update.AssignmentId)
            {
                throw new InvalidOperationException($"Update {sorted[i].Update.AssignmentId} is at node {sorted[i - 1].Node} and at node {sorted[i].Node}.");
            }
        }

        _plan = plan;
        _nodes = [.. sorted.Select(pair => pair.Node)];
        Updates = [.. sorted.Select(pair => pair.Update)];
        Weights = Updates.Count == 0 ? [] : MedianWeights.Cap([.. Updates.Select(update => update.Weight)]);
    }

    public IReadOnlyList<UpdateCommitted> Updates { get; }

    /// <summary>Their weights, up to the median.</summary>
    public double[] Weights { get; }

    /// <summary>Positions of the updates that carry a section.</summary>
    public int[] CarriersOf(int section) => [.. Enumerable.Range(0, Updates.Count).Where(i => _plan.Carries(Updates[i], section))];

    /// <summary>The node of an update.</summary>
    public string NodeOf(int update) => _nodes[update];

    /// <summary>Positions, among the carriers of a section, of those at a node.</summary>
    public int[] PositionsOf(int section, string node)
    {
        int[] carriers = CarriersOf(section);
        return [.. Enumerable.Range(0, carriers.Length).Where(k => _nodes[carriers[k]] == node)];
    }
}
