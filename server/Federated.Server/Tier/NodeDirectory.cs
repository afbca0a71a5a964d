using Federated.Aggregator.Hosting.State;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;
using Microsoft.Extensions.Options;

namespace Federated.Server.Tier;

/// <summary>The nodes that the server knows, fed by their events and by the registry.</summary>
internal sealed class NodeDirectory(NodeRegistry registry, IOptions<PlannerOptions> planner, TimeProvider time)
{
    /// <summary>A node that idles says less of itself than one with a round.</summary>
    private const int IdleFactor = 4;

    /// <summary>The longest interval that nodes can be set to.</summary>
    private static readonly TimeSpan LongestIdle = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, KnownNode> _nodes = new(StringComparer.Ordinal);

    private readonly Dictionary<string, string> _left = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _listed = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the registry has been read: before that nobody can be called absent.</summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Told after every change of who is there.</summary>
    public event Action? Changed;

    /// <summary>
    /// Reads who joined unheard: while no server ran, or before the bus had the server's subscription. They count as seen now, and have to prove it soon.
    /// </summary>
    public Task LoadAsync(CancellationToken cancellationToken) => LoadAsync(null, cancellationToken);

    private async Task LoadAsync(string? living, CancellationToken cancellationToken)
    {
        foreach (NodeJoined node in await registry.ListAsync(cancellationToken))
        {
            if (IsNews(node, living))
            {
                Joined(node);
            }
        }

        _loaded.TrySetResult();
    }

    public void Joined(NodeJoined node)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(node.NodeId, out KnownNode? known) && known.Info.Incarnation == node.Incarnation)
            {
                _nodes[node.NodeId] = known with { Info = node, SeenAt = time.GetTimestamp() };
            }
            else
            {
                _nodes[node.NodeId] = new KnownNode(
                    node, time.GetTimestamp(), 0, default, new NodeLoad(node.NodeId, node.Capacity, 0, 0));
            }
        }

        Changed?.Invoke();
    }

    /// <summary>A sign of life; from a process that nobody has heard of, the registry is read again. Where it has lost the node, the node's own word counts.</summary>
    public async ValueTask AliveAsync(NodeAlive alive, CancellationToken cancellationToken)
    {
        if (Find(alive.NodeId)?.Info.Incarnation != alive.Incarnation)
        {
            await LoadAsync(alive.Incarnation, cancellationToken);
            if (Find(alive.NodeId) is null && !HasLeft(alive) && alive.Introduction is { } introduction)
            {
                Joined(introduction);
            }
        }

        lock (_gate)
        {
            if (Find_NeedsLock(alive.NodeId, alive.Incarnation) is { } known && alive.Sequence > known.Sequence)
            {
                _nodes[alive.NodeId] = known with
                {
                    SeenAt = time.GetTimestamp(),
                    Sequence = alive.Sequence,
                    Queue = known.Queue.With(alive.Queue, planner.Value.QueueSmoothing),
                    Load = known.Load with { ArrivalRate = alive.ArrivalRate, SecondsPerUpdate = alive.SecondsPerUpdate },
                };
            }
        }
    }

    /// <summary>Any event of a node is a sign of life.</summary>
    public void Heard(string nodeId, string incarnation)
    {
        lock (_gate)
        {
            if (Find_NeedsLock(nodeId, incarnation) is { } known)
            {
                _nodes[nodeId] = known with { SeenAt = time.GetTimestamp() };
            }
        }
    }

    /// <summary>A round goes on without the node, which lives but is out of reach.</summary>
    public void GaveUp(string nodeId)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(nodeId, out KnownNode? known))
            {
                _nodes[nodeId] = known with { GivenUpAt = time.GetTimestamp() };
            }
        }
    }

    /// <summary>
    /// The nodes for a tree among some: those that no round has given up within a time, or all when there are no others. Who was out of reach for one round is likely to be so for the
    /// next, which would wait for it as long.
    /// </summary>
    public IReadOnlyList<KnownNode> WithinReach(IReadOnlyList<KnownNode> nodes, TimeSpan since)
    {
        KnownNode[] others = [.. nodes.Where(node => node.GivenUpAt is not { } at || time.GetElapsedTime(at) > since)];
        return others.Length > 0 ? others : nodes;
    }

    /// <summary>The node has stopped in order.</summary>
    public void Left(NodeLeft left)
    {
        lock (_gate)
        {
            _left[left.NodeId] = left.Incarnation;
            if (Find_NeedsLock(left.NodeId, left.Incarnation) is not null)
            {
                _nodes.Remove(left.NodeId);
            }
        }

        Changed?.Invoke();
    }

    public KnownNode? Find(string nodeId)
    {
        lock (_gate)
        {
            return _nodes.GetValueOrDefault(nodeId);
        }
    }

    /// <summary>Every node that is known, by id, with the time since it was heard of.</summary>
    public IReadOnlyList<(KnownNode Node, TimeSpan Silence)> All()
    {
        lock (_gate)
        {
            return [.. _nodes.Values.OrderBy(node => node.Info.NodeId, StringComparer.Ordinal).Select(node => (node, time.GetElapsedTime(node.SeenAt)))];
        }
    }

    /// <summary>The nodes for a tree, by id: those that are not silent for longer than one that idles may be.</summary>
    /// <param name="lossAfter">The silence after which a node that has a round counts as lost.</param>
    public IReadOnlyList<KnownNode> ForTrees(TimeSpan lossAfter)
    {
        lock (_gate)
        {
            return [.. _nodes.Values.Where(node => time.GetElapsedTime(node.SeenAt) <= IdleSilence(node.Info, lossAfter))
                .OrderBy(node => node.Info.NodeId, StringComparer.Ordinal)];
        }
    }

    /// <summary>The nodes that were heard of within a time, by id.</summary>
    public IReadOnlyList<KnownNode> Present(TimeSpan silence)
    {
        lock (_gate)
        {
            return [.. _nodes.Values.Where(node => time.GetElapsedTime(node.SeenAt) <= silence)
                .OrderBy(node => node.Info.NodeId, StringComparer.Ordinal)];
        }
    }

    /// <summary>A node says itself how seldom it is heard: whatever its settings are, it does not drop out of plans while it lives.</summary>
    private static TimeSpan IdleSilence(NodeJoined node, TimeSpan lossAfter)
    {
        long own = Math.Clamp(node.IdleInterval.Ticks, 0, LongestIdle.Ticks) + lossAfter.Ticks;
        return TimeSpan.FromTicks(Math.Max(own, IdleFactor * lossAfter.Ticks));
    }

    private bool HasLeft(NodeAlive alive)
    {
        lock (_gate)
        {
            return _left.GetValueOrDefault(alive.NodeId) == alive.Incarnation;
        }
    }

    /// <summary>Whether an entry of the registry is one that was not there before, or that of a process which lives: another old one may be of a process that is gone.</summary>
    private bool IsNews(NodeJoined node, string? living)
    {
        lock (_gate)
        {
            bool isListed = _listed.GetValueOrDefault(node.NodeId) == node.Incarnation;
            _listed[node.NodeId] = node.Incarnation;
            return (!isListed || node.Incarnation == living) && _left.GetValueOrDefault(node.NodeId) != node.Incarnation && Find_NeedsLock(node.NodeId, node.Incarnation) is null;
        }
    }

    private KnownNode? Find_NeedsLock(string nodeId, string incarnation) =>
        _nodes.TryGetValue(nodeId, out KnownNode? known) && known.Info.Incarnation == incarnation ? known : null;
}
