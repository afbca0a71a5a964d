using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>Decodes the sections that a round hands over update by update.</summary>
public static class KeptSections
{
    /// <summary>The sections of updates that are handed over, in the order of the updates.</summary>
    /// <param name="plan">The round.</param>
    /// <param name="kept">Updates and their payloads.</param>
    public static IEnumerable<KeptValues> Of(RoundPlan plan, IEnumerable<(UpdateCommitted Update, RetainedUpdate Payload)> kept) =>
        from held in kept
        from number in Enumerable.Range(0, plan.Sections.Length)
        where plan.IsHandedOver(number) && SectionBytes.Carries(held.Payload, number)
        select new KeptValues(held.Update.AssignmentId, plan.Sections[number].Role, Read(plan.Sections, held.Payload, number));

    /// <summary>The values of a section of an update, in memory of their own.</summary>
    internal static float[] Read(ImmutableArray<SectionSpec> sections, RetainedUpdate update, int number)
    {
        float[] values = GC.AllocateUninitializedArray<float>((int)sections[number].ElementCount);
        ReadOnlySpan<byte> bytes = SectionBytes.Of(sections, update, number).Span;
        if (sections[number].Codec == SectionCodec.Frame)
        {
            Frames.Decode(bytes, values);
        }
        else
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        return values;
    }
}
