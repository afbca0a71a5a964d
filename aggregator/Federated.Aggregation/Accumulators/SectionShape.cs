namespace Federated.Aggregation.Accumulators;

/// <summary>What an accumulator has to know of one section of an update.</summary>
/// <param name="Type">Type of its elements, little-endian and dense in the payload.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Denominator">By what the sum is divided.</param>
/// <param name="Decoder">Reads the section where it is not dense; null for a dense one.</param>
public readonly record struct SectionShape(ElementType Type, int Count, Denominator Denominator, ISectionDecoder? Decoder = null)
{
    /// <summary>Bytes of the section in a payload when it is dense.</summary>
    public long Bytes => (long)Count * (Type == ElementType.Float32 ? sizeof(float) : sizeof(double));

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Count);
        if (!Enum.IsDefined(Type) || !Enum.IsDefined(Denominator) || (Decoder is not null && Type != ElementType.Float32))
        {
            throw new ArgumentException($"A section of type {Type} divided by {Denominator} cannot be summed.");
        }
    }
}
