using Federated.Protocol.V1;

namespace Federated.Aggregator.Ingest;

/// <summary>Where a section lies in a payload.</summary>
internal readonly record struct PayloadRange(int Start, int Length, SectionDType Type, bool IsMeasured, int FrameElements = -1)
{
    public int End => Start + Length;

    /// <summary>Whether the section is one frame, of a vector of <see cref="FrameElements"/>: it is checked as a whole.</summary>
    public bool IsFrame => FrameElements >= 0;

    /// <summary>Lays the announced sections one after another. The total has been checked to fit a slot.</summary>
    public static PayloadRange[] Of(IReadOnlyList<SectionHeader> sections)
    {
        var ranges = new PayloadRange[sections.Count];
        int start = 0;
        for (int i = 0; i < ranges.Length; i++)
        {
            SectionHeader section = sections[i];
            int length = checked((int)section.ByteLength);

            // Masked integers look like noise: neither their norm nor their finiteness means anything.
            bool isMeasured = section.Spec.Role != SectionRole.Masked && section.Spec.Codec == SectionCodec.Dense
                && section.Spec.Dtype is SectionDType.F32 or SectionDType.F64 or SectionDType.F16 or SectionDType.Bf16;
            int frameElements = section.Spec.Codec == SectionCodec.Frame ? checked((int)section.Spec.ElementCount) : -1;
            ranges[i] = new PayloadRange(start, length, section.Spec.Dtype, isMeasured, frameElements);
            start += length;
        }

        return ranges;
    }
}
