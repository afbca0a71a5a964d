using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Protocol.Codecs;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>Finds the sections of an update, which follow one another.</summary>
internal static class SectionBytes
{
    /// <summary>Whether an update carries a section.</summary>
    public static bool Carries(RetainedUpdate update, int number) => update.Sections.IsDefault || update.Sections.Contains(number);

    /// <summary>The bytes of a section that the update carries.</summary>
    /// <param name="sections">The sections of the round.</param>
    /// <param name="update">The update.</param>
    /// <param name="number">Position of the section.</param>
    public static ReadOnlyMemory<byte> Of(ImmutableArray<SectionSpec> sections, RetainedUpdate update, int number)
    {
        int offset = 0;
        for (int i = 0; i < number; i++)
        {
            offset += Carries(update, i) ? LengthOf(sections[i], update.Payload.Span[offset..]) : 0;
        }

        return update.Payload.Slice(offset, LengthOf(sections[number], update.Payload.Span[offset..]));
    }

    private static int LengthOf(SectionSpec section, ReadOnlySpan<byte> bytes) =>
        section.Codec == SectionCodec.Frame ? Frames.LengthOf(bytes) : (int)SectionSpecs.DenseBytes(section);
}
