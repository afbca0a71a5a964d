namespace Federated.Simulation.Data.Csv;

/// <summary>The cells of the current line by number. One instance serves a whole file.</summary>
internal sealed class CsvCells(int columns)
{
    private readonly (int Start, int Length)[] _ranges = new (int, int)[columns];
    private char[] _text = new char[256];

    public ReadOnlySpan<char> Cell(int column) => _text.AsSpan(_ranges[column].Start, _ranges[column].Length);

    /// <summary>Splits a line; returns what is wrong with it, or null.</summary>
    public string? Split(ReadOnlySpan<char> line, char separator)
    {
        if (_text.Length < line.Length)
        {
            _text = new char[2 * line.Length];
        }

        var cells = new CsvLine(line, separator);
        int count = 0;
        int used = 0;
        while (cells.MoveNext())
        {
            if (count < _ranges.Length)
            {
                cells.Current.CopyTo(_text.AsSpan(used));
                _ranges[count] = (used, cells.Current.Length);
                used += cells.Current.Length;
            }

            count++;
        }

        return cells.Fault ?? (count == _ranges.Length ? null : $"{count} cells; expected {_ranges.Length}.");
    }
}
