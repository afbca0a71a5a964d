namespace Federated.Simulation.Data.Csv;

/// <summary>One column: its use, and what the first pass counts in it.</summary>
internal sealed class CsvColumn(string name, int number)
{
    private readonly HashSet<string> _distinct = new(StringComparer.Ordinal);

    /// <summary>The name in the header, or the 1-based number.</summary>
    public string Name { get; } = name;

    /// <summary>1-based.</summary>
    public int Number { get; } = number;

    public CsvColumnKind Kind { get; set; } = CsvColumnKind.Number;

    public long Numbers { get; set; }

    public long Texts { get; private set; }

    /// <summary>Where the first cell stands that is not a number.</summary>
    public (string File, long Line, string Value)? FirstText { get; private set; }

    public IReadOnlySet<string> Distinct => _distinct;

    /// <summary>The categories of a category column in order; its feature numbers begin at <see cref="FirstFeature"/>.</summary>
    public Dictionary<string, int>? Categories { get; set; }

    public int FirstFeature { get; set; } = -1;

    public string Described => Name == Number.ToString(System.Globalization.CultureInfo.InvariantCulture) ? $"column {Number}" : $"column {Number} ('{Name}')";

    public void AddText(string file, long line, ReadOnlySpan<char> cell)
    {
        FirstText ??= (file, line, cell.ToString());
        Texts++;
    }

    /// <summary>Notes a value; beyond the limit the rest is not kept.</summary>
    public void AddDistinct(ReadOnlySpan<char> cell, int limit)
    {
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = _distinct.GetAlternateLookup<ReadOnlySpan<char>>();
        if (_distinct.Count <= limit && !lookup.Contains(cell))
        {
            lookup.Add(cell);
        }
    }
}
