using System.Collections.Immutable;
using System.Diagnostics;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>
/// The nodes of a simulated aggregation tier, and its functions under the mean. The planner makes the tree from the queues of earlier rounds; updates come to nodes by
/// their place in the cohort. The leaves of a node share its sums, so an element sees the updates in their order whatever the number of leaves, and partials are merged in the order of the plan:
/// a seed gives the same bits whoever of the workers was faster. Between nodes a partial goes as the bytes that it has on the wire.
/// </summary>
internal sealed class SimulatedTier
{
    private const int MostLeaves = 8;
    private const int BufferBytes = 256 * 1024;

    private readonly int _nodes;
    private readonly PlannerOptions _options = new() { MaxLeavesPerNode = MostLeaves };
    private readonly Dictionary<string, QueueEstimate> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AggregationFunction> _sums = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _arrived = new(StringComparer.Ordinal);
    private readonly List<string> _places = [];
    private ImmutableArray<SectionSpec> _sections;
    private int _next;

    /// <param name="sections">The sections of a round.</param>
    /// <param name="nodes">Number of nodes, at least 1.</param>
    public SimulatedTier(ImmutableArray<SectionSpec> sections, int nodes)
    {
        _sections = sections;
        _nodes = nodes;
        Tree = TreePlan.Single("node-1", 1, 1);
    }

    /// <summary>One node with one leaf, where a round has begun.</summary>
    public static SimulatedTier OfOneNode(ImmutableArray<SectionSpec> sections)
    {
        var tier = new SimulatedTier(sections, nodes: 1);
        tier.Begin(cohort: 1);
        return tier;
    }

    /// <summary>The tree of the round.</summary>
    public TreePlan Tree { get; private set; }

    /// <summary>What the tree has done in all rounds.</summary>
    public TreeFigures Figures { get; private set; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Changes what the updates of the following rounds carry.</summary>
    /// <param name="sections">The sections of a round.</param>
    public void Use(ImmutableArray<SectionSpec> sections) => _sections = sections;

    /// <summary>Begins a round under the mean.</summary>
    public void Begin(int cohort)
    {
        Plan(cohort);
        _sums.Clear();
        foreach (TreeNode node in Tree.Nodes)
        {
            _sums.Add(node.NodeId, new AggregationFunction(node.NodeId, _sections) { Degree = 1 });
        }
    }

    /// <summary>Plans a round: every node has room for its share of the cohort, so that all of them are used.</summary>
    public void Plan(int cohort)
    {
        if (_nodes > 1)
        {
            double capacity = Math.Ceiling((double)cohort / _nodes);
            HierarchyPlan plan = HierarchyPlanner.Plan(
                [.. Enumerable.Range(1, _nodes).Select(number => new NodeLoad($"node-{number}", capacity, 0, 0))], _queues, cohort, _options);
            Tree = TreePlans.Of(plan, revision: 1, _options.UpdatesPerLeaf, static _ => ("", ""));
        }

        _arrived.Clear();
        _places.Clear();
        _next = 0;
        foreach (TreeNode node in Tree.Nodes)
        {
            _arrived.Add(node.NodeId, 0);
            _places.AddRange(Enumerable.Repeat(node.NodeId, node.Clients));
        }
    }

    /// <summary>The next update goes into the sums of the node that is its place.</summary>
    /// <returns>The node.</returns>
    public string Add(ReadOnlySpan<byte> payload, double weight, ImmutableArray<int> carried)
    {
        string node = Place();
        long started = Stopwatch.GetTimestamp();
        _sums[node].Accumulate(payload, weight, carried);
        Figures = Figures with { LeafSeconds = Figures.LeafSeconds + Stopwatch.GetElapsedTime(started).TotalSeconds };
        return node;
    }

    /// <summary>The node that takes the next update.</summary>
    public string Place()
    {
        string node = _places[_next++ % _places.Count];
        _arrived[node]++;
        return node;
    }

    /// <summary>Ends a round: its nodes' queues are known, and what its functions did.</summary>
    /// <param name="middleSeconds">Seconds in which nodes measured and summed what they have.</param>
    /// <param name="topSeconds">Seconds in which the top judged and merged.</param>
    /// <param name="firstPass">Bytes from node to node before the decision.</param>
    /// <param name="between">Bytes from node to node in all.</param>
    public void End(double middleSeconds = 0, double topSeconds = 0, long firstPass = 0, long between = 0)
    {
        foreach (TreeNode node in Tree.Nodes)
        {
            QueueEstimate queue = _queues.GetValueOrDefault(node.NodeId);
            _queues[node.NodeId] = queue.With(_arrived[node.NodeId], _options.QueueSmoothing);
        }

        Figures = Figures with
        {
            Rounds = Figures.Rounds + 1,
            MiddleSeconds = Figures.MiddleSeconds + middleSeconds,
            TopSeconds = Figures.TopSeconds + topSeconds,
            BytesBetween = Figures.BytesBetween + between,
            BytesOfFirstPass = Figures.BytesOfFirstPass + firstPass,
        };
    }

    /// <summary>Merges the nodes at the top, and divides; null when no update came.</summary>
    public IReadOnlyList<SectionAggregate>? Report()
    {
        AggregationFunction? top = null;
        foreach (TreeNode node in Tree.Nodes.OrderBy(node => node.Parent is null ? 0 : 1).ThenBy(node => node.NodeId, StringComparer.Ordinal))
        {
            AggregationFunction partial = _sums[node.NodeId];
            if (partial.Count > 0)
            {
                partial = node.Parent is null ? partial : Travel(partial);
                top = top is null ? partial : Merge(top, partial);
            }
        }

        End();
        if (top is not { CanReport: true })
        {
            return null;
        }

        long started = Stopwatch.GetTimestamp();
        top.Role = TreeRole.Top;
        IReadOnlyList<SectionAggregate> sections = top.Report();
        Figures = Figures with { TopSeconds = Figures.TopSeconds + Stopwatch.GetElapsedTime(started).TotalSeconds };
        return sections;
    }

    private AggregationFunction Merge(AggregationFunction top, AggregationFunction partial)
    {
        long started = Stopwatch.GetTimestamp();
        top.Role = TreeRole.Top;
        long handedOver = top.Merged == 0 ? top.PartialBytes : 0;
        top.MergeWith(partial);
        Figures = Figures with
        {
            TopSeconds = Figures.TopSeconds + Stopwatch.GetElapsedTime(started).TotalSeconds,
            BytesInside = Figures.BytesInside + handedOver,
        };
        return top;
    }

    private AggregationFunction Travel(AggregationFunction sent)
    {
        var received = new AggregationFunction(sent.Key, _sections) { Degree = 1 };
        PartialWriter writer = sent.BeginWrite();
        PartialReader reader = received.BeginRead();
        byte[] buffer = new byte[BufferBytes];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            reader.Append(buffer.AsSpan(0, length));
        }

        Figures = Figures with { BytesBetween = Figures.BytesBetween + writer.Length };
        return received;
    }
}
