namespace Federated.Simulation.Data.Csv;

/// <summary>Goes over the examples of all files in order.</summary>
internal static class CsvRows
{
    public static void ForEach(IReadOnlyList<CsvFile> files, int columns, Action<CsvFile, TextLines, CsvCells> visit)
    {
        var cells = new CsvCells(columns);
        foreach (CsvFile file in files)
        {
            using var lines = new TextLines(file.Path);
            int skip = file.Layout.SkippedLines;
            while (lines.Read())
            {
                if (string.IsNullOrWhiteSpace(lines.Current))
                {
                    continue;
                }

                if (skip > 0)
                {
                    skip--;
                    continue;
                }

                if (cells.Split(lines.Current, file.Layout.Separator) is { } fault)
                {
                    throw lines.Error(fault);
                }

                visit(file, lines, cells);
            }
        }
    }
}
