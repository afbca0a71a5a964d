using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Rounds;

/// <summary>Refuses plans that this node cannot carry out, with the numbers, before any device trains for them.</summary>
internal static class PlanCheck
{
    /// <exception cref="InvalidOperationException">The plan does not fit.</exception>
    public static void ThrowIfUnfit(RoundPlan plan, long slotBytes)
    {
        if (plan.Rule != "mean")
        {
            throw new InvalidOperationException($"Round {plan.Key} asks for the aggregation rule '{plan.Rule}'; this node has 'mean'.");
        }

        if (plan.Durability is not ("journal" or UpdateStore.SpoolDurability))
        {
            throw new InvalidOperationException($"Round {plan.Key} asks for the durability '{plan.Durability}'; there are 'journal' and 'spool'.");
        }

        long bytes = Math.Max(plan.UpdateBytes, LargestUpdate(plan));
        if (bytes > slotBytes)
        {
            throw new InvalidOperationException(
                $"Updates of round {plan.Key} take {bytes} bytes, a slot of this node holds {slotBytes}; raise {AggregatorNodeOptions.SectionName}:{nameof(AggregatorNodeOptions.SlotBytes)}.");
        }

        foreach (SectionSpec section in plan.Sections)
        {
            if (!AggregationFunction.CanSum(section))
            {
                throw new InvalidOperationException(
                    $"Round {plan.Key} has a section {section.Role} of {section.Dtype} in {section.Codec} over {section.Denominator}; this node sums dense F32, F64 and I64.");
            }
        }
    }

    private static long LargestUpdate(RoundPlan plan) => plan.Forms is null
        ? plan.Sections.Sum(SectionSpecs.DenseBytes)
        : plan.Forms.Max(form => form.Sections.Sum(section => SectionSpecs.DenseBytes(plan.Sections[section])));
}
