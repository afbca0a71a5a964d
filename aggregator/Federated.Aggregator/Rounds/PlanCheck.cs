using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>Refuses plans that this node cannot carry out, with the numbers, before any device trains for them.</summary>
internal static class PlanCheck
{
    /// <exception cref="InvalidOperationException">The plan does not fit.</exception>
    public static void ThrowIfUnfit(RoundPlan plan, TreePlan tree, long slotBytes, AggregatorNodeOptions options)
    {
        ThrowIfItCannotAggregate(plan);
        if (plan.IsMean && !plan.HandedOver.IsDefaultOrEmpty && tree.Nodes.Length > 1)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} averages and wants the section {plan.HandedOver[0]} of every update besides; a node hands it over when it is alone, and this tree has {tree.Nodes.Length} nodes.");
        }

        if (plan.Durability is not ("journal" or UpdateStore.SpoolDurability))
        {
            throw new InvalidOperationException($"Round {plan.Key} asks for the durability '{plan.Durability}'; there are 'journal' and 'spool'.");
        }

        if (plan.Timing is not (AggregationTimings.Eager or AggregationTimings.Lazy))
        {
            throw new InvalidOperationException($"Round {plan.Key} asks for the timing '{plan.Timing}'; there are 'eager' and 'lazy'.");
        }

        long bytes = Math.Max(plan.UpdateBytes, LargestUpdate(plan));
        if (bytes > slotBytes)
        {
            throw new InvalidOperationException(
                $"Updates of round {plan.Key} take {bytes} bytes, a slot of this node holds {slotBytes}; raise {AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.SlotBytes)}.");
        }

        ThrowIfItCannotRetain(plan, tree, bytes, options);
        ThrowIfItCannotExchange(plan, tree, options);
        foreach (SectionSpec section in plan.Sections)
        {
            if (!AggregationFunction.CanSum(section))
            {
                throw new InvalidOperationException(
                    $"Round {plan.Key} has a section {section.Role} of {section.Dtype} in {section.Codec} over {section.Denominator}; this node sums dense F32, F64 and I64, and frames of F32.");
            }
        }
    }

    private static void ThrowIfItCannotAggregate(RoundPlan plan)
    {
        if (plan.IsMean)
        {
            return;
        }

        if (!plan.KeepsUpdates && (RuleCatalog.TryCreate(plan.Rule, plan.Byzantine, out RobustRule? rule) ?? rule!.Fault(plan.ExpectedUpdates)) is { } fault)
        {
            throw new InvalidOperationException($"Round {plan.Key} cannot be aggregated by '{plan.Rule}': {fault}");
        }

        if (plan.Timing != AggregationTimings.Lazy)
        {
            throw new InvalidOperationException($"Round {plan.Key} asks for the rule '{plan.Rule}', which retains updates, and for the timing '{plan.Timing}'; it must be 'lazy'.");
        }

        if (plan.Sections.FirstOrDefault(section => !RetainedAggregation.CanAggregate(section)) is { } unfit)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} has a section {unfit.Role} of {unfit.Dtype} in {unfit.Codec}; the rule '{plan.Rule}' takes F32, dense or in frames.");
        }
    }

    private static long LargestUpdate(RoundPlan plan) => plan.Forms is null
        ? plan.Sections.Sum(SectionSpecs.MostBytes)
        : plan.Forms.Max(form => form.Sections.Sum(section => SectionSpecs.MostBytes(plan.Sections[section])));

    /// <summary>A round that retains its updates needs room for all of them before any device has trained for it.</summary>
    private static void ThrowIfItCannotRetain(RoundPlan plan, TreePlan tree, long updateBytes, AggregatorNodeOptions options)
    {
        if (plan.Timing == AggregationTimings.Eager)
        {
            return;
        }

        int slots = options.SlotCount - UpdateStore.RetentionReserve(options.SlotCount);
        int updates = ShareOf(plan, tree, options.NodeId);
        long spilled = Math.Max(0, updates - slots) * updateBytes;
        if (spilled > options.SpillBytes)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} retains {updates} updates of {updateBytes} bytes; {slots} of this node's {options.SlotCount} slots may hold some, "
                + $"the other {spilled} bytes exceed the {options.SpillBytes} bytes that may go to disk. Raise {AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.SlotCount)} "
                + $"or {AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.SpillBytes)}, {(plan.IsMean ? "or aggregate eagerly" : "make the cohort smaller, or average")}.");
        }
    }

    /// <summary>In the exact exchange a node holds its ranges of what the others have retained, in memory.</summary>
    private static void ThrowIfItCannotExchange(RoundPlan plan, TreePlan tree, AggregatorNodeOptions options)
    {
        if (plan.IsMean || tree.Nodes.Length == 1)
        {
            return;
        }

        var exchange = new ExchangePlan(plan, tree);
        if (plan.Exchange == ExchangeModes.Sketch && exchange.RuleOf(0).Reduces)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} asks for the rule '{plan.Rule}', which reduces each coordinate over all updates, and for sketches, which do not show them; exchange exactly.");
        }

        long others = plan.ExpectedUpdates - ShareOf(plan, tree, options.NodeId);
        long held = exchange.HeldBytes(options.NodeId, others);
        if (held > options.ExchangeBytes)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} brings this node its ranges of {others} updates of the other {tree.Nodes.Length - 1} nodes{(plan.Centred.IsEmpty ? "" : " and the last aggregate")}, {held} bytes; "
                + $"{AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.ExchangeBytes)} is {options.ExchangeBytes}. Raise it, use more nodes, exchange sketches, or make the cohort smaller.");
        }
    }

    /// <summary>Updates that a node has to expect: its part of the round's, as its devices are of those in the tree; of a buffer all, because tickets of earlier ones say where they go.</summary>
    private static int ShareOf(RoundPlan plan, TreePlan tree, string node)
    {
        if (plan.IsBuffer)
        {
            return plan.ExpectedUpdates;
        }

        long all = tree.Nodes.Sum(one => (long)one.Clients);
        return all == 0 ? plan.ExpectedUpdates : (int)Math.Min(plan.ExpectedUpdates, ((plan.ExpectedUpdates * (long)(tree.Find(node)?.Clients ?? 0)) + all - 1) / all);
    }
}
