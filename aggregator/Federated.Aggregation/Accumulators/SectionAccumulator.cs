namespace Federated.Aggregation.Accumulators;

/// <summary>The running sum of one section.</summary>
internal abstract class SectionAccumulator(SectionShape shape)
{
    public SectionShape Shape { get; } = shape;

    /// <summary>The sums as bytes, little-endian: what a partial carries.</summary>
    public abstract Span<byte> SumBytes(long offset, int most);

    /// <summary>Bytes of all sums.</summary>
    public abstract long SumLength { get; }

    /// <summary>Adds the section of several updates.</summary>
    /// <param name="sources">Addresses of the section's first byte in each payload; pinned by the caller.</param>
    /// <param name="weights">The updates' weights.</param>
    /// <param name="degree">Most workers.</param>
    public abstract void Add(nint[] sources, double[] weights, int degree);

    /// <summary>Adds the sums of another accumulator of the same shape.</summary>
    public abstract void Add(SectionAccumulator other, int degree);

    public abstract SectionReport Divide(double totalWeight, long count, int degree);

    public static SectionAccumulator Create(SectionShape shape) =>
        shape is { Type: ElementType.Int64, Denominator: not Denominator.Weight }
            ? new IntegerSectionAccumulator(shape)
            : new RealSectionAccumulator(shape);

    protected double DivisorOf(double totalWeight, long count) => Shape.Denominator switch
    {
        Denominator.Weight => totalWeight,
        Denominator.Updates => count,
        _ => 1,
    };
}
