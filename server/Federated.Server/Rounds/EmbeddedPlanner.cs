using Federated.Aggregator;
using Federated.Aggregator.Functions;
using Federated.Coordination.Hierarchy;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rounds;

/// <summary>
/// Plans the trees of a server that embeds one node, from what really arrives there. While a round is open the queue is looked at on a period, and
/// the round's tree gets other leaves when the estimate asks for them; without an open round nothing runs.
/// </summary>
internal sealed class EmbeddedPlanner : IDisposable
{
    private readonly AggregatorNode _node;
    private readonly AggregatorNodeOptions _nodeOptions;
    private readonly PlannerOptions _options;
    private readonly RoundTrees _trees;
    private readonly Lock _gate = new();
    private readonly Dictionary<RoundKey, (RoundPlan Plan, TreePlan Tree)> _open = [];
    private readonly ITimer _timer;
    private QueueEstimate _queue;
    private NodeLoadView _load;

    public EmbeddedPlanner(
        AggregatorNode node, IOptions<AggregatorNodeOptions> nodeOptions, IOptions<PlannerOptions> options, RoundTrees trees, TimeProvider time)
    {
        _node = node;
        _nodeOptions = nodeOptions.Value;
        _options = options.Value;
        _trees = trees;
        _timer = time.CreateTimer(_ => Sample(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The tree of a round that is about to be opened.</summary>
    public TreePlan Plan(RoundPlan plan)
    {
        lock (_gate)
        {
            return Plan_NeedsLock(plan, revision: 1);
        }
    }

    /// <summary>The round is open in that tree.</summary>
    public void Opened(RoundPlan plan, TreePlan tree)
    {
        lock (_gate)
        {
            if (_open.Count == 0)
            {
                // What arrived before says nothing about this round.
                _node.SampleLoad();
                _timer.Change(_options.Period, Timeout.InfiniteTimeSpan);
            }

            _open[plan.Key] = (plan, tree);
        }
    }

    public void Closed(RoundKey key)
    {
        lock (_gate)
        {
            _open.Remove(key);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sample()
    {
        lock (_gate)
        {
            if (_open.Count == 0)
            {
                return;
            }

            _load = _node.SampleLoad();

            // By Little's law k · E updates are in the node on average; a look at the queue alone would nearly always find it empty.
            _queue = _queue.With(Math.Max(_load.Waiting, _load.ArrivalRate * _load.SecondsPerUpdate), _options.QueueSmoothing);
            foreach ((RoundKey key, (RoundPlan plan, TreePlan tree)) in _open.ToArray())
            {
                TreePlan next = Plan_NeedsLock(plan, tree.Revision + 1);
                if (next with { Revision = tree.Revision } != tree)
                {
                    _node.Replan(key, next);
                    _open[key] = (plan, next);
                    _trees.Record(key, next);
                }
            }

            _timer.Change(_options.Period, Timeout.InfiniteTimeSpan);
        }
    }

    private TreePlan Plan_NeedsLock(RoundPlan plan, int revision)
    {
        var queues = new Dictionary<string, QueueEstimate>(StringComparer.Ordinal);
        if (_queue.Value is not null)
        {
            queues.Add(_nodeOptions.NodeId, _queue);
        }

        var load = new NodeLoad(_nodeOptions.NodeId, _nodeOptions.SlotCount, _load.ArrivalRate, _load.SecondsPerUpdate);
        return TreePlans.Of(
            HierarchyPlanner.Plan([load], queues, Math.Max(1, plan.ExpectedUpdates), _options), revision, _options.UpdatesPerLeaf, static _ => ("", ""));
    }
}
