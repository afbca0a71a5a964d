using Federated.Protocol.V1;

namespace Federated.Protocol.Pruning;

/// <summary>
/// The sections of a masked model. A section that holds a vector of the parameters' length (difference, gradient, control variate) is sent packed: 4 bytes an active coordinate and a dense
/// parameter, without indices, because its specification names the mask's epoch and both ends hold the mask.
/// </summary>
public static class PackedVectors
{
    /// <summary>Whether a section of an unmasked model is packed under a mask.</summary>
    /// <param name="section">The section.</param>
    /// <param name="parameterCount">Elements of the model's flat parameter vector.</param>
    public static bool Packs(SectionSpec section, int parameterCount)
    {
        ArgumentNullException.ThrowIfNull(section);
        return section is { Codec: SectionCodec.Dense, Dtype: SectionDType.F32, Role: SectionRole.Delta or SectionRole.Gradient or SectionRole.Control }
            && section.ElementCount == (ulong)parameterCount;
    }

    /// <summary>The section under a mask; the same one if it is not packed.</summary>
    /// <param name="section">A section of the unmasked model.</param>
    /// <param name="mask">The mask.</param>
    public static SectionSpec Under(SectionSpec section, ModelMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (!Packs(section, mask.ParameterCount))
        {
            return section;
        }

        SectionSpec packed = section.Clone();
        (packed.ElementCount, packed.MaskEpoch) = ((ulong)mask.PackedCount, (ulong)mask.Epoch);
        return packed;
    }
}
