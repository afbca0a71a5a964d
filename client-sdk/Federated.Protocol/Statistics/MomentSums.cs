namespace Federated.Protocol.Statistics;

/// <summary>
/// A section of plain sums over some columns (features, or channels): the number of values of each column, then their sums, then the sums of their
/// squares. Sections of disjoint data add up to the section of all of it.
/// </summary>
public readonly ref struct MomentSums
{
    /// <summary>Numbers a column takes.</summary>
    public const int Width = 3;

    private readonly Span<double> _section;

    /// <summary>Lays the sums over a section's elements.</summary>
    /// <param name="section">A multiple of <see cref="Width"/> elements.</param>
    /// <exception cref="ArgumentException">The section has another length.</exception>
    public MomentSums(Span<double> section)
    {
        if (section.Length % Width != 0)
        {
            throw new ArgumentException($"A section of moments has a multiple of {Width} elements, not {section.Length}.", nameof(section));
        }

        _section = section;
    }

    /// <summary>Number of columns.</summary>
    public int Columns => _section.Length / Width;

    /// <summary>Values counted, by column.</summary>
    public Span<double> Counts => _section[..Columns];

    /// <summary>Sums of the values, by column.</summary>
    public Span<double> Sums => _section.Slice(Columns, Columns);

    /// <summary>Sums of the squares of the values, by column.</summary>
    public Span<double> Squares => _section.Slice(2 * Columns, Columns);
}
