using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Rounds;

/// <summary>
/// The updates of a round that no mean is made of: kept as they are until the round is forgotten, because a coordinator that dies before its commit point closes the
/// round once more. The aggregate is made of all of them at once, by the plan's rule.
/// </summary>
internal sealed class KeptUpdates
{
    private readonly Lock _gate = new();
    private readonly NodeFunctions _functions;
    private readonly List<LeafInput> _inputs = [];
    private readonly RetainedAggregation? _rule;
    private readonly RoundColumns? _columns;

    /// <param name="plan">The round.</param>
    /// <param name="isAlone">Whether no other node has updates of the round; several measure ranges of all updates, or make sketches, when it closes.</param>
    /// <param name="functions">What the rounds of the node share.</param>
    public KeptUpdates(RoundPlan plan, bool isAlone, NodeFunctions functions)
    {
        _functions = functions;
        _rule = plan.KeepsUpdates ? null : new RetainedAggregation(plan.Sections, RuleCatalog.Create(plan.Rule, plan.Byzantine), plan.RuleSeed, plan.HandedOver);
        _columns = isAlone && _rule is { GrowingSections.IsEmpty: false } rule ? ColumnsOf(rule, plan, functions) : null;
    }

    /// <summary>Whether the rule's inner products grow while updates arrive.</summary>
    public bool Grow => _columns is not null;

    /// <summary>The updates with their payloads, which stay here.</summary>
    public IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> All => [.. Inputs.Select(input => (input.Update, PayloadOf(input)))];

    /// <summary>What is kept, in the order in which it came.</summary>
    public LeafInput[] Inputs
    {
        get
        {
            lock (_gate)
            {
                return [.. _inputs];
            }
        }
    }

    public void Add(LeafInput input)
    {
        lock (_gate)
        {
            _inputs.Add(input);
            _columns?.Offer(input);
        }
    }

    /// <summary>Gives everything away.</summary>
    public LeafInput[] TakeAll()
    {
        lock (_gate)
        {
            LeafInput[] all = [.. _inputs];
            _inputs.Clear();
            return all;
        }
    }

    /// <summary>Ends when no inner products are being computed.</summary>
    public Task QuietAsync() => _columns?.QuietAsync() ?? Task.CompletedTask;

    /// <summary>The sections that the plan wants update by update, decoded; none where all sections are.</summary>
    public IReadOnlyList<KeptValues> HandOver(RoundPlan plan) => _rule is null ? [] : [.. KeptSections.Of(plan, All)];

    /// <summary>Makes the aggregate of a round, or hands the updates over where the plan keeps them.</summary>
    /// <param name="plan">The round.</param>
    /// <param name="kept">What is kept, in the order of the result.</param>
    /// <exception cref="InvalidOperationException">The rule cannot work with these updates.</exception>
    public ClosedRound Aggregate(RoundPlan plan, LeafInput[] kept)
    {
        UpdateCommitted[] included = [.. kept.Select(input => input.Update)];
        if (kept.Length == 0)
        {
            return new ClosedRound([], included);
        }

        if (_rule is null)
        {
            return new ClosedRound([], included) { Kept = [.. KeptSections.Of(plan, kept.Select(input => (input.Update, PayloadOf(input))))] };
        }

        long started = _functions.Time.GetTimestamp();
        try
        {
            RetainedReport report = _rule.Report(
                plan.Key, [.. kept.Select(PayloadOf)], plan.Centres, (section, carriers) => _columns?.Products(section, carriers.Select(k => kept[k])));
            _functions.Metrics.Aggregated(TreeRole.Top, kept.Length, _functions.Time.GetElapsedTime(started));
            return new ClosedRound(report.Sections, included) { Scores = report.Scores };
        }
        catch (ArgumentException exception)
        {
            throw new InvalidOperationException($"Round {plan.Key} cannot be aggregated: {exception.Message}", exception);
        }
    }

    private static RetainedUpdate PayloadOf(LeafInput input) => new(input.Payload.Memory, input.Update.Weight, input.Sections);

    private static RoundColumns ColumnsOf(RetainedAggregation rule, RoundPlan plan, NodeFunctions functions)
    {
        var columns = new RoundColumns(functions, plan.Sections, rule.GrowingSections);
        foreach (int section in rule.GrowingSections)
        {
            if (rule.CentreOf(section, plan.Centres) is { } centre)
            {
                columns.Start(section, centre);
            }
        }

        return columns;
    }
}
