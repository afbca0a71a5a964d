namespace Federated.Simulation.Data.Csv;

/// <summary>The cells of one line, without copies except where a quoted cell holds a doubled quote. Cells are trimmed.</summary>
internal ref struct CsvLine
{
    private readonly ReadOnlySpan<char> _line;
    private readonly char _separator;
    private int _position;

    public CsvLine(ReadOnlySpan<char> line, char separator)
    {
        _line = separator == ' ' ? line.Trim() : line;
        _separator = separator;
        _position = 0;
        Current = default;
        Fault = null;
    }

    public ReadOnlySpan<char> Current { get; private set; }

    /// <summary>What is wrong with the quotes, once <see cref="MoveNext"/> has met it.</summary>
    public string? Fault { get; private set; }

    public bool MoveNext()
    {
        if (_position > _line.Length || Fault is not null)
        {
            return false;
        }

        ReadOnlySpan<char> rest = _line[_position..];
        int start = 0;
        while (start < rest.Length && rest[start] is ' ' or '\t' && rest[start] != _separator)
        {
            start++;
        }

        return start < rest.Length && rest[start] == '"' ? Quoted(rest, start) : Plain(rest);
    }

    private bool Plain(ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOf(_separator);
        Current = (end < 0 ? rest : rest[..end]).Trim();
        Skip(rest, end);
        return true;
    }

    private bool Quoted(ReadOnlySpan<char> rest, int start)
    {
        int close = start + 1;
        bool doubled = false;
        for (; close < rest.Length; close++)
        {
            if (rest[close] == '"')
            {
                if (close + 1 >= rest.Length || rest[close + 1] != '"')
                {
                    break;
                }

                doubled = true;
                close++;
            }
        }

        if (close >= rest.Length)
        {
            Fault = "a quoted cell is not closed on its line";
            return false;
        }

        ReadOnlySpan<char> cell = rest[(start + 1)..close];
        Current = doubled ? cell.ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : cell;
        int separator = rest[(close + 1)..].IndexOf(_separator);
        if (!(separator < 0 ? rest[(close + 1)..] : rest.Slice(close + 1, separator)).Trim().IsEmpty)
        {
            Fault = "text follows a closing quote";
            return false;
        }

        Skip(rest, separator < 0 ? -1 : close + 1 + separator);
        return true;
    }

    private void Skip(ReadOnlySpan<char> rest, int separator)
    {
        if (separator < 0)
        {
            _position = _line.Length + 1;
            return;
        }

        separator++;
        while (_separator == ' ' && separator < rest.Length && rest[separator] is ' ' or '\t')
        {
            separator++;
        }

        _position += separator;
    }
}
