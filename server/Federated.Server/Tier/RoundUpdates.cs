using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Server.Tier;

/// <summary>Which assignments a round has given out, which node has the update of each, and which have to go elsewhere. The round guards it.</summary>
internal sealed class RoundUpdates
{
    private readonly Dictionary<string, UpdateCommitted> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _assigned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _arrivals = new(StringComparer.Ordinal);
    private readonly HashSet<string> _displaced = new(StringComparer.Ordinal);

    /// <summary>Updates that nodes hold.</summary>
    public IReadOnlyCollection<UpdateCommitted> Stored => _stored.Values;

    /// <summary>The highest number of an assignment; null before the first.</summary>
    public int? LastNumber => _assigned.Count == 0 ? null : _assigned.Values.Max();

    public IEnumerable<UpdateCommitted> Of(string nodeId) => _stored.Values.Where(update => update.NodeId == nodeId);

    public int CountOf(string nodeId) => Of(nodeId).Count();

    public void Assign(string assignmentId, int number) => _assigned[assignmentId] = number;

    /// <summary>Notes a stored update; false when it was known.</summary>
    public bool TryStore(UpdateCommitted update)
    {
        _arrivals.TryAdd(update.AssignmentId, _arrivals.Count);
        return _stored.TryAdd(update.AssignmentId, update);
    }

    /// <summary>Whether another node has the update too.</summary>
    public bool IsElsewhere(UpdateCommitted update, string nodeId) => _stored.TryGetValue(update.AssignmentId, out UpdateCommitted? other) && other.NodeId != nodeId;

    /// <summary>Updates in the order in which the server has heard of them.</summary>
    public IReadOnlyList<UpdateCommitted> InOrderOfArrival(IReadOnlyList<UpdateCommitted> updates) =>
        [.. updates.OrderBy(update => _arrivals.GetValueOrDefault(update.AssignmentId, int.MaxValue))];

    /// <summary>What a node has lost, by its own word, goes elsewhere.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="recovery">What it holds.</param>
    /// <param name="known">What was known of it before it was asked: only that can be lost, because more may have been stored since the answer.</param>
    public void TakeLost(string nodeId, ReopenedRound recovery, IReadOnlySet<string> known)
    {
        HashSet<string> held = [.. recovery.Recovered.Select(update => update.AssignmentId)];
        string[] lost = [.. Of(nodeId).Select(update => update.AssignmentId).Where(id => known.Contains(id) && !held.Contains(id))
            .Union(recovery.Lost.Where(id => !_stored.ContainsKey(id)))];
        foreach (string id in lost)
        {
            _stored.Remove(id);
        }

        _displaced.UnionWith(lost);
    }

    /// <summary>Nodes are gone: what they had, and what was to go there, goes elsewhere.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="nodeOf">The node of an assignment, by its id and number.</param>
    public void Displace(IReadOnlyCollection<string> nodes, Func<string, int, string> nodeOf)
    {
        string[] displaced = [.. _stored.Values.Where(update => nodes.Contains(update.NodeId)).Select(update => update.AssignmentId)
            .Union(_assigned.Where(pair => !_stored.ContainsKey(pair.Key) && nodes.Contains(nodeOf(pair.Key, pair.Value))).Select(pair => pair.Key))];
        foreach (string id in displaced)
        {
            _stored.Remove(id);
        }

        _displaced.UnionWith(displaced);
    }

    /// <summary>The tree is gone as a whole.</summary>
    public void DisplaceAll()
    {
        _displaced.UnionWith(_assigned.Keys);
        _stored.Clear();
    }

    /// <summary>Assignments that have to go elsewhere: each is given once.</summary>
    public string[] TakeDisplaced()
    {
        string[] displaced = [.. _displaced];
        _displaced.Clear();
        return displaced;
    }
}
