namespace Federated.Simulation.Data.Csv;

/// <summary>How a file is laid out, found from its first lines.</summary>
/// <param name="Separator">Between cells; a blank stands for any run of blanks.</param>
/// <param name="Names">Names of the columns; null when the file has none.</param>
/// <param name="SkippedLines">Lines before the first example.</param>
/// <param name="Columns">Cells of a line.</param>
/// <param name="ClassNames">Class names from a first line as scikit-learn writes it; null otherwise.</param>
internal sealed record CsvLayout(char Separator, string[]? Names, int SkippedLines, int Columns, string[]? ClassNames)
{
    private const int SampleLines = 100;
    private static readonly char[] Separators = [',', ';', '\t', '|', ' '];

    public static CsvLayout Find(string path, DatasetRequest request, string? missingToken)
    {
        List<string> sample = [];
        using (var lines = new TextLines(path))
        {
            while (sample.Count < SampleLines && lines.Read())
            {
                if (!string.IsNullOrWhiteSpace(lines.Current))
                {
                    sample.Add(lines.Current);
                }
            }
        }

        if (sample.Count == 0)
        {
            throw SimulationException.AtLine(path, 1, "the file has no lines with values.");
        }

        char separator = request.Separator ?? Separators.MaxBy(candidate => Score(sample, candidate));
        string[][] rows = [.. sample.Select(line => CellsOf(line, separator))];
        if (rows.Length > 1 && request.Header is null && ScikitClasses(rows) is { } classes)
        {
            return new CsvLayout(separator, null, 1, rows[1].Length, classes);
        }

        bool header = request.Header ?? IsHeader(rows, missingToken);
        return new CsvLayout(separator, header ? rows[0] : null, header ? 1 : 0, rows[0].Length, null);
    }

    // A separator is good when the lines agree on the number of cells; among the good ones the earlier listed wins a tie.
    private static int Score(List<string> sample, char separator)
    {
        int[] counts = [.. sample.Select(line => CellsOf(line, separator).Length)];
        int[] body = counts.Length > 1 ? counts[1..] : counts;
        int usual = body.GroupBy(count => count).MaxBy(group => group.Count())!.Key;
        return usual < 2 ? 0 : body.Count(count => count == usual) * 1000 / body.Length;
    }

    // The first line of scikit-learn's own files: examples, features, then the names of the classes.
    private static string[]? ScikitClasses(string[][] rows) =>
        rows[0].Length >= 4 && rows[0].Length != rows[1].Length
        && int.TryParse(rows[0][0], out _) && int.TryParse(rows[0][1], out int features) && features == rows[1].Length - 1
            ? rows[0][2..]
            : null;

    private static bool IsHeader(string[][] rows, string? missingToken)
    {
        bool weak = true;
        bool strong = false;
        for (int column = 0; column < rows[0].Length; column++)
        {
            string cell = rows[0][column];
            if (cell == missingToken || CsvCell.TryNumber(cell, out _))
            {
                return false;
            }

            string[] below = [.. rows.Skip(1).Where(row => column < row.Length).Select(row => row[column]).Where(value => value != missingToken)];
            strong |= below.Length > 0 && below.All(value => CsvCell.TryNumber(value, out _));
            weak &= !below.Contains(cell, StringComparer.Ordinal);
        }

        return strong || (weak && rows.Length > 1);
    }

    private static string[] CellsOf(string line, char separator)
    {
        var cells = new CsvLine(line, separator);
        List<string> result = [];
        while (cells.MoveNext())
        {
            result.Add(cells.Current.ToString());
        }

        return [.. result];
    }
}
