namespace Federated.Aggregation.Accumulators;

/// <summary>Adds sections that are not dense to float64 sums. Implemented by whoever knows the wire formats.</summary>
public interface ISectionDecoder
{
    /// <summary>Bytes at the start of a section that tell its length.</summary>
    int PrefixBytes { get; }

    /// <summary>The length of a section.</summary>
    /// <param name="prefix">Its first <see cref="PrefixBytes"/> bytes.</param>
    /// <exception cref="InvalidDataException">They are not the start of a section.</exception>
    int LengthOf(ReadOnlySpan<byte> prefix);

    /// <summary><c>sums ← sums + factor · values</c>; elements that the section does not hold are not touched.</summary>
    /// <param name="section">The section's bytes, checked when they came in.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="sums">One sum for each element.</param>
    /// <exception cref="InvalidDataException">The bytes are no such section; the sums are spoiled.</exception>
    void AddTo(ReadOnlySpan<byte> section, double factor, Span<double> sums);
}
