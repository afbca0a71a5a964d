using System.Numerics.Tensors;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Exchange;

/// <summary>
/// One node's part in the two passes of a round: what it tells whom, and what it makes of what it is told. It moves no bytes and waits for nobody; whoever drives it
/// does, a simulation in one thread or a <see cref="Tree.TreeMember"/> over the network. The steps, in order: start (where the rule has one), shares, findings, verdict, part, report.
/// </summary>
public sealed class NodeExchange
{
    private readonly ExchangePlan _plan;
    private readonly string _node;
    private readonly OwnUpdates _own;
    private readonly int _degree;
    private readonly Dictionary<int, NodeStatistics> _measured = [];
    private readonly Dictionary<int, RuleVerdict> _verdicts = [];
    private readonly Dictionary<int, ReadOnlyMemory<float>[]> _ranges = [];
    private readonly ExchangeSums _sums = new();
    private readonly Lock _gate = new();
    private Roster? _roster;

    /// <param name="plan">Who tells whom what.</param>
    /// <param name="node">This node.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    public NodeExchange(ExchangePlan plan, string node, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _plan = plan;
        _node = node;
        _own = new OwnUpdates(plan.Round, new RetainedAggregation(plan.Round.Sections, plan.RuleOf(0), plan.Round.RuleSeed));
        _degree = degree;
        Starts = new Inbox(plan.Round.Centred.IsEmpty ? [] : [ExchangePlan.Server]);
        Shares = new Inbox(plan.SharesFor(node));
        Findings = new Inbox(plan.FindingsFor(node));
        Parts = new Inbox(plan.Tree.ChildrenOf(node).Select(child => child.NodeId));
    }

    /// <summary>Whether the node judges.</summary>
    public bool IsTop => _node == _plan.Top;

    /// <summary>Whether the top waits for this node's findings.</summary>
    public bool TellsFindings => !IsTop && _plan.OwnsAny(_node);

    internal ExchangePlan Plan => _plan;

    /// <summary>What has to be there before the node tells anything.</summary>
    internal Inbox Starts { get; }

    internal Inbox Shares { get; }

    internal Inbox Findings { get; }

    internal Inbox Parts { get; }

    /// <summary>Gives the node its updates; once, before it tells anything. What others tell may come before.</summary>
    /// <param name="held">The updates with their payloads, which stay readable until the round is over.</param>
    public void Hold(IEnumerable<(UpdateCommitted Update, RetainedUpdate Payload)> held) => _own.Hold(held);

    /// <summary>Reads a message to this node.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="updates">The updates that it is about; of shares only.</param>
    public ExchangeReader ReaderOf(ExchangeKind kind, IReadOnlyList<UpdateCommitted> updates) =>
        new(kind, shapes => ExchangeJudge.Fault(_plan, kind, _node, section => updates.Count(update => _plan.Carries(update, section)), shapes));

    /// <summary>Takes what another node has told, whole and judged.</summary>
    public void Take(ExchangeMessage message) => InboxOf(message.Kind)!.Take(message);

    /// <summary>Where messages of a kind go; null for kinds that nobody sends here unasked.</summary>
    internal Inbox? InboxOf(ExchangeKind kind) => kind switch
    {
        ExchangeKind.Start => Starts,
        ExchangeKind.Share => Shares,
        ExchangeKind.Findings => Findings,
        ExchangeKind.Part => Parts,
        _ => null,
    };

    /// <summary>Pass 1: for the owner of a range the range of every update; for the top the sketches and the inner products among them.</summary>
    /// <param name="receiver">One of the plan's receivers.</param>
    public ExchangeMessage ShareFor(string receiver)
    {
        var blocks = new List<ExchangeBlock>();
        foreach (int section in _own.Carried())
        {
            if (!_plan.IsSketched(section))
            {
                ParameterRange range = _plan.RangeOf(section, receiver);
                if (range.Length > 0)
                {
                    blocks.Add(ExchangeBlock.OfVectors(section, ExchangeContent.Range, range.From, [.. _own.Values(section).Select(range.Of)]));
                }
            }
            else if (receiver == _plan.Top)
            {
                NodeStatistics measured = Measured(section);
                blocks.AddRange(StatisticsBlocks.Of(section, measured.Inside));
                if (measured.Inside.Gram is not null)
                {
                    blocks.Add(ExchangeBlock.OfVectors(
                        section, ExchangeContent.Sketch, 0, [.. measured.Sketches.Select(sketch => (ReadOnlyMemory<float>)(sketch.Length == 0 ? new float[_plan.Sketch.Width] : sketch))]));
                }
            }
        }

        return new ExchangeMessage(ExchangeKind.Share, _node, _own.Updates, blocks);
    }

    /// <summary>Pass 1, when all shares are there: the statistics of the ranges that this node owns.</summary>
    public ExchangeMessage TellFindings()
    {
        var blocks = new List<ExchangeBlock>();
        foreach ((int section, RuleStatistics statistics) in MeasureRanges())
        {
            blocks.AddRange(StatisticsBlocks.Of(section, statistics));
        }

        return new ExchangeMessage(ExchangeKind.Findings, _node, [], blocks);
    }

    /// <summary>At the top, when all shares and findings are there: judges.</summary>
    /// <exception cref="ArgumentException">The rule cannot work with these updates; the message says which number is wrong.</exception>
    /// <exception cref="InvalidDataException">What a node told is of another round.</exception>
    public void Judge()
    {
        Dictionary<int, RuleStatistics> own = MeasureRanges().ToDictionary(pair => pair.Section, pair => pair.Statistics);
        Roster roster = AllUpdates();
        for (int section = 0; section < _plan.Round.Sections.Length; section++)
        {
            int[] carriers = roster.CarriersOf(section);
            if (carriers.Length == 0 || _plan.Round.IsHandedOver(section))
            {
                continue;
            }

            RuleStatistics statistics = _plan.IsSketched(section) ? Joined(section, roster) : Summed(section, own.GetValueOrDefault(section), carriers.Length);
            _verdicts[section] = _plan.RuleOf(section).Judge(statistics, InputOf(section, [], carriers));
        }
    }

    /// <summary>At the top, after <see cref="Judge"/>: what a node needs to carry the decision out.</summary>
    public ExchangeMessage VerdictFor(string node)
    {
        Roster roster = AllUpdates();
        return new ExchangeMessage(
            ExchangeKind.Verdict, _node, [],
            [
                .. _verdicts.Where(pair => pair.Value.Coefficients is null ? _plan.RangeOf(pair.Key, node).Length > 0 : roster.PositionsOf(pair.Key, node).Length > 0)
                    .SelectMany(pair => VerdictBlocks.Of(pair.Key, pair.Value, roster.PositionsOf(pair.Key, node))),
            ]);
    }

    /// <summary>Pass 2: carries the decision out on what this node has.</summary>
    /// <param name="verdict">What the top told this node.</param>
    /// <exception cref="InvalidDataException">It is of another round.</exception>
    public void Combine(ExchangeMessage verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        foreach (IGrouping<int, ExchangeBlock> blocks in verdict.Blocks.GroupBy(block => block.Shape.Section))
        {
            int section = blocks.Key;
            if (_plan.RuleOf(section).Reduces)
            {
                Reduce(section, VerdictBlocks.Reduction([.. blocks], _plan.RuleOf(section), AllUpdates().CarriersOf(section).Length));
            }
            else
            {
                AddShares(section, VerdictBlocks.Coefficients([.. blocks], _own.Values(section).Length));
            }
        }

        foreach ((int section, RuleVerdict own) in _verdicts)
        {
            // Where the rule starts belongs to no node; the top has it.
            if (own.Coefficients is { } coefficients && coefficients.Count > AllUpdates().CarriersOf(section).Length && CentreOf(section) is { } centre)
            {
                float[] share = new float[centre.Length];
                WeightedSum.Compute([centre], [coefficients[^1]], share, _degree);
                _sums.Add(section, 0, share);
            }
        }
    }

    /// <summary>Adds what a child has told. In the order of the plan, where the same bits are wanted again.</summary>
    public void Merge(ExchangeMessage part) => _sums.Add(part);

    /// <summary>Pass 2, after <see cref="Combine"/> and when all children are merged: what goes to the parent.</summary>
    public ExchangeMessage TellPart() => new(ExchangeKind.Part, _node, [], _sums.Blocks());

    /// <summary>At the top, when all is merged: the aggregate, with the updates that are in it.</summary>
    public ClosedRound Report()
    {
        Roster roster = AllUpdates();
        var sections = new List<SectionAggregate>();
        UpdateScore?[] scores = new UpdateScore?[roster.Updates.Count];
        foreach ((int number, RuleVerdict verdict) in _verdicts.OrderBy(pair => pair.Key))
        {
            SectionSpec section = _plan.Round.Sections[number];
            int[] carriers = roster.CarriersOf(number);
            float[] aggregate = _sums.Whole(number, (int)section.ElementCount);
            if (!RetainedAggregation.IsAbsolute(section))
            {
                double[]? distances = _sums.DistancesOf(number);
                for (int k = 0; k < carriers.Length; k++)
                {
                    double score = verdict.Scores?[k] ?? -Math.Sqrt(distances![k]);
                    scores[carriers[k]] ??= new UpdateScore(verdict.Coefficients?[k], double.IsFinite(score) ? score : 0);
                }
            }

            if (section.Denominator == SectionDenominator.None)
            {
                TensorPrimitives.Multiply(aggregate, carriers.Length, aggregate);
            }

            sections.Add(new SectionAggregate(section, aggregate, [], section.Denominator == SectionDenominator.None ? 1 : carriers.Length));
        }

        return new ClosedRound(sections, roster.Updates) { Scores = [.. scores.Select(score => score ?? default)] };
    }

    private NodeStatistics Measured(int section)
    {
        if (!_measured.TryGetValue(section, out NodeStatistics? measured))
        {
            measured = NodeStatistics.Measure(
                _plan.RuleOf(section), InputOf(section, _own.Values(section), null), (int)_plan.Round.Sections[section].ElementCount, _plan.Sketch);
            _measured.Add(section, measured);
        }

        return measured;
    }

    private IEnumerable<(int Section, RuleStatistics Statistics)> MeasureRanges()
    {
        for (int section = 0; section < _plan.Round.Sections.Length; section++)
        {
            ParameterRange range = _plan.RangeOf(section, _node);
            if (range.Length > 0 && Range(section) is { Length: > 0 } vectors)
            {
                RobustInput input = InputOf(section, vectors, null);
                input = input.Centre is { } centre ? input with { Centre = range.Of(centre) } : input;
                yield return (section, _plan.RuleOf(section).Measure(input, range.From, (int)_plan.Round.Sections[section].ElementCount));
            }
        }
    }

    /// <summary>The own range of every update that carries a section, in the roster's order.</summary>
    private ReadOnlyMemory<float>[] Range(int section)
    {
        if (_ranges.TryGetValue(section, out ReadOnlyMemory<float>[]? known))
        {
            return known;
        }

        ParameterRange range = _plan.RangeOf(section, _node);
        Roster roster = AllUpdates();
        int[] carriers = roster.CarriersOf(section);
        var vectors = new ReadOnlyMemory<float>[carriers.Length];
        foreach (string node in carriers.Select(roster.NodeOf).Distinct(StringComparer.Ordinal))
        {
            int[] positions = roster.PositionsOf(section, node);
            IReadOnlyList<ReadOnlyMemory<float>> rows = node == _node
                ? [.. _own.Values(section).Select(range.Of)]
                : Shares.All()[node].Blocks.First(block => block.Shape.Section == section && block.Shape.Content == ExchangeContent.Range).Single;
            for (int k = 0; k < positions.Length; k++)
            {
                vectors[positions[k]] = rows[k];
            }
        }

        _ranges.Add(section, vectors);
        return vectors;
    }

    private Roster AllUpdates()
    {
        lock (_gate)
        {
            return _roster ??= new Roster(
                _plan,
                [
                    .. _own.Updates.Select(update => (_node, update)),
                    .. Shares.All().SelectMany(share => share.Value.Updates.Select(update => (share.Key, update))),
                ]);
        }
    }

    private RobustInput InputOf(int section, IReadOnlyList<ReadOnlyMemory<float>> vectors, int[]? carriers) => new()
    {
        Updates = vectors,
        Weights = carriers is not null && _plan.Round.Sections[section].Denominator == SectionDenominator.Weight && !RetainedAggregation.IsAbsolute(_plan.Round.Sections[section])
            ? [.. carriers.Select(i => AllUpdates().Weights[i])] : null,
        Centre = CentreOf(section),
        Seed = _plan.Round.RuleSeed,
        Round = (uint)_plan.Round.Key.Round,
        Degree = _degree,
    };

    /// <summary>Where the rule starts in a section; null for zeros.</summary>
    private ReadOnlyMemory<float>? CentreOf(int section) => _plan.IsCentred(section)
        ? Starts.All()[ExchangePlan.Server].Blocks.First(block => block.Shape.Section == section).Single[0]
        : default(ReadOnlyMemory<float>?);

    private RuleStatistics Summed(int section, RuleStatistics? own, int carriers)
    {
        RuleStatistics? sum = own;
        foreach (ExchangeMessage told in Findings.All().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))
        {
            ExchangeBlock[] blocks = [.. told.Blocks.Where(block => block.Shape.Section == section)];
            if (blocks.Length > 0)
            {
                RuleStatistics its = StatisticsBlocks.Read(blocks, carriers);
                sum = sum is null ? its : sum.Plus(its);
            }
        }

        return sum ?? throw new InvalidDataException($"Nobody measured section {section}.");
    }

    private RuleStatistics Joined(int section, Roster roster)
    {
        var nodes = new List<NodeStatistics>();
        var order = new List<int>();
        foreach (string node in _plan.Tree.Nodes.Select(node => node.NodeId))
        {
            int[] positions = roster.PositionsOf(section, node);
            if (positions.Length > 0)
            {
                order.AddRange(positions);
                nodes.Add(node == _node ? Measured(section) : Told(Shares.All()[node], section, positions.Length));
            }
        }

        // The joined statistics have the updates in the order of the nodes; the roster has them by their ids.
        int[] before = new int[order.Count];
        for (int k = 0; k < before.Length; k++)
        {
            before[order[k]] = k;
        }

        return NodeStatistics.Join(nodes).Reorder(before);
    }

    private static NodeStatistics Told(ExchangeMessage share, int section, int updates)
    {
        ExchangeBlock[] blocks = [.. share.Blocks.Where(block => block.Shape.Section == section)];
        ExchangeBlock? sketches = blocks.FirstOrDefault(block => block.Shape.Content == ExchangeContent.Sketch);
        return new NodeStatistics(
            StatisticsBlocks.Read(blocks, updates),
            sketches is null ? [.. Enumerable.Repeat(Array.Empty<float>(), updates)] : [.. sketches.Single.Select(sketch => sketch.ToArray())]);
    }

    private void Reduce(int section, RuleVerdict verdict)
    {
        ParameterRange range = _plan.RangeOf(section, _node);
        ReadOnlyMemory<float>[] vectors = Range(section);
        float[] values = GC.AllocateUninitializedArray<float>(range.Length);
        verdict.Combine(vectors, values, _degree);
        _sums.Add(section, range.From, values);
        if (_plan.RuleOf(section).ScoresByDistance && !RetainedAggregation.IsAbsolute(_plan.Round.Sections[section]))
        {
            double[] squares = new double[vectors.Length];
            foreach (int k in Enumerable.Range(0, vectors.Length).Except(verdict.Dropped))
            {
                double distance = VectorDistance.Of(vectors[k].Span, values);
                squares[k] = distance * distance;
            }

            _sums.AddDistances(section, squares);
        }
    }

    private void AddShares(int section, double[] coefficients)
    {
        float[] sum = GC.AllocateUninitializedArray<float>((int)_plan.Round.Sections[section].ElementCount);
        WeightedSum.Compute(_own.Values(section), coefficients, sum, _degree);
        _sums.Add(section, 0, sum);
    }
}
