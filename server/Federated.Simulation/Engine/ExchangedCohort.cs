using System.Diagnostics;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Simulation.Engine;

/// <summary>
/// The aggregation tier of a simulated round on several nodes under a rule that needs every update until the end: the two passes of real nodes one after another, with messages that are the bytes which
/// they would be on the wire.
/// </summary>
/// <param name="tier">Places the updates and has the figures.</param>
internal sealed class ExchangedCohort(SimulatedTier tier) : ICohortAggregate
{
    private readonly List<byte[]> _buffers = [];
    private readonly List<(UpdateCommitted Update, RetainedUpdate Payload)> _updates = [];
    private RoundPlan? _round;

    public IReadOnlySet<string> Ids => _updates.Select(held => held.Update.AssignmentId).ToHashSet(StringComparer.Ordinal);

    /// <summary>Forgets the last round.</summary>
    /// <param name="round">The round that begins.</param>
    public void Begin(RoundPlan round)
    {
        _round = round;
        _updates.Clear();
        tier.Plan(round.ExpectedUpdates);
    }

    public void Add(ReadOnlySpan<byte> payload, UpdateCommitted update)
    {
        int number = _updates.Count;
        if (number == _buffers.Count)
        {
            _buffers.Add([]);
        }

        if (_buffers[number].Length < payload.Length)
        {
            _buffers[number] = GC.AllocateUninitializedArray<byte>(payload.Length);
        }

        payload.CopyTo(_buffers[number]);
        _updates.Add((
            update with { NodeId = tier.Place() },
            new RetainedUpdate(_buffers[number].AsMemory(0, payload.Length), update.Weight, _round!.FormOf(update.Role))));
    }

    public RoundAggregate Report()
    {
        if (_updates.Count == 0)
        {
            return new RoundAggregate([], []);
        }

        var plan = new ExchangePlan(_round!, tier.Tree);
        Dictionary<string, NodeExchange> nodes = tier.Tree.Nodes.ToDictionary(
            node => node.NodeId, node => new NodeExchange(plan, node.NodeId), StringComparer.Ordinal);
        foreach ((string id, NodeExchange node) in nodes)
        {
            node.Hold(_updates.Where(held => held.Update.NodeId == id));
        }

        NodeExchange top = nodes[plan.Top];
        long started = Stopwatch.GetTimestamp();
        double topSeconds = 0;
        long firstPass = 0;
        if (!_round!.Centred.IsEmpty)
        {
            ExchangeMessage start = ExchangePlan.StartOf(_round);
            foreach (NodeExchange node in nodes.Values)
            {
                node.Take(Travel(start, node, ref firstPass));
            }
        }

        foreach (TreeNode node in tier.Tree.Nodes)
        {
            foreach (string receiver in plan.ReceiversOf(node.NodeId))
            {
                nodes[receiver].Take(Travel(nodes[node.NodeId].ShareFor(receiver), nodes[receiver], ref firstPass));
            }
        }

        foreach (NodeExchange node in nodes.Values.Where(node => node.TellsFindings))
        {
            top.Take(Travel(node.TellFindings(), top, ref firstPass));
        }

        long judging = Stopwatch.GetTimestamp();
        top.Judge();
        topSeconds += Stopwatch.GetElapsedTime(judging).TotalSeconds;
        foreach ((string id, NodeExchange node) in nodes)
        {
            ExchangeMessage verdict = top.VerdictFor(id);
            node.Combine(node.IsTop ? verdict : Travel(verdict, node, ref firstPass));
        }

        long between = firstPass;
        foreach (NodeExchange node in nodes.Values.Where(node => !node.IsTop))
        {
            top.Merge(Travel(node.TellPart(), top, ref between));
        }

        long merging = Stopwatch.GetTimestamp();
        ClosedRound closed = top.Report();
        topSeconds += Stopwatch.GetElapsedTime(merging).TotalSeconds;
        tier.End(Stopwatch.GetElapsedTime(started).TotalSeconds - topSeconds, topSeconds, firstPass, between);
        return new RoundAggregate(
            [.. closed.Sections.Select(section => new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor))], closed.Included)
        {
            Scores = closed.Scores,
            Kept = [.. KeptSections.Of(_round, _updates).Select(kept => new KeptSection(kept.AssignmentId, kept.Role, kept.Values))],
        };
    }

    private static ExchangeMessage Travel(ExchangeMessage sent, NodeExchange receiver, ref long bytes)
    {
        var reader = receiver.ReaderOf(sent.Kind, sent.Updates);
        ExchangeWriter writer = sent.BeginWrite();
        byte[] buffer = new byte[256 * 1024];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            reader.Append(buffer.AsSpan(0, length));
        }

        bytes += writer.Length;
        return sent with { Blocks = reader.Blocks };
    }
}
