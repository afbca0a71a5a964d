using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Protocol.Sections;

/// <summary>Makes and measures section specifications.</summary>
public static class SectionSpecs
{
    /// <summary>A dense section.</summary>
    /// <param name="role">What the section means.</param>
    /// <param name="dtype">Type of its elements.</param>
    /// <param name="elementCount">Number of elements.</param>
    /// <param name="denominator">By what its sum is divided.</param>
    public static SectionSpec Dense(SectionRole role, SectionDType dtype, long elementCount, SectionDenominator denominator) => new()
    {
        Role = role,
        Dtype = dtype,
        Codec = SectionCodec.Dense,
        ElementCount = checked((ulong)elementCount),
        Denominator = denominator,
    };

    /// <summary>The parameter difference of a model, float32, averaged by weight.</summary>
    /// <param name="schema">The model's schema.</param>
    public static SectionSpec Delta(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return Dense(SectionRole.Delta, SectionDType.F32, schema.ParameterCount, SectionDenominator.Weight);
    }

    /// <summary>The sums of an evaluation, float64: loss, correct predictions, examples.</summary>
    public static SectionSpec Evaluation() =>
        Dense(SectionRole.Evaluation, SectionDType.F64, 3, SectionDenominator.None);

    /// <summary>Bytes of one element.</summary>
    /// <param name="dtype">The type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The type is unspecified or unknown.</exception>
    public static int WidthOf(SectionDType dtype) => dtype switch
    {
        SectionDType.F64 or SectionDType.I64 => 8,
        SectionDType.F32 or SectionDType.U32 => 4,
        SectionDType.F16 or SectionDType.Bf16 => 2,
        SectionDType.U8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "The section has no known element type."),
    };

    /// <summary>Bytes of a dense section.</summary>
    /// <param name="spec">The section.</param>
    public static long DenseBytes(SectionSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return checked((long)spec.ElementCount * WidthOf(spec.Dtype));
    }

    /// <summary>The same section as a frame.</summary>
    /// <param name="dense">A dense float32 section.</param>
    /// <exception cref="ArgumentException">The section is not dense float32.</exception>
    public static SectionSpec Framed(SectionSpec dense)
    {
        ArgumentNullException.ThrowIfNull(dense);
        if (dense.Codec != SectionCodec.Dense || dense.Dtype != SectionDType.F32)
        {
            throw new ArgumentException($"A section of {dense.Dtype} in {dense.Codec} has no frame; only dense float32 has.", nameof(dense));
        }

        SectionSpec framed = dense.Clone();
        framed.Codec = SectionCodec.Frame;
        framed.MaxBytes = (ulong)FrameLimits.FrameBytes((long)dense.ElementCount);
        return framed;
    }

    /// <summary>The same section dense: what is compressed into it. Largest gradients are made as a frame and stay one.</summary>
    /// <param name="section">A section.</param>
    public static SectionSpec Unframed(SectionSpec section)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (section.Codec != SectionCodec.Frame || section.Role == SectionRole.TopK)
        {
            return section;
        }

        SectionSpec dense = section.Clone();
        dense.Codec = SectionCodec.Dense;
        dense.MaxBytes = 0;
        return dense;
    }

    /// <summary>Most bytes of a section: those of the elements, or the bound of a frame.</summary>
    /// <param name="spec">The section.</param>
    public static long MostBytes(SectionSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Codec == SectionCodec.Frame ? checked((long)spec.MaxBytes) : DenseBytes(spec);
    }

    /// <summary>The header of a dense section.</summary>
    /// <param name="spec">The section.</param>
    public static SectionHeader DenseHeader(SectionSpec spec) => new() { Spec = spec, ByteLength = checked((ulong)DenseBytes(spec)) };
}
