namespace Federated.Simulation.Data.Csv;

/// <summary>Finds the files of a data set: one file, a folder with a file for each site, or a folder with <c>train</c> and <c>test</c>.</summary>
internal static class CsvFiles
{
    private static readonly string[] Extensions = [".csv", ".data", ".txt", ".tsv"];

    public static IReadOnlyList<CsvFile> Find(DatasetRequest request, string? missingToken)
    {
        List<CsvFile> files = [];
        if (Directory.Exists(request.Source))
        {
            string[] paths = [.. Directory.EnumerateFiles(request.Source)
                .Where(file => Extensions.Contains(Path.GetExtension(DataFile.WithoutGz(file)), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)];
            if (paths.Length == 0)
            {
                throw new SimulationException($"{request.Source}: no CSV files found; expected names that end in {string.Join(", ", Extensions)}, with or without .gz.");
            }

            string[] stems = [.. paths.Select(DataFile.Stem)];
            bool parts = stems.Length == 2 && stems.Contains("train", StringComparer.OrdinalIgnoreCase) && stems.Contains("test", StringComparer.OrdinalIgnoreCase);
            files.AddRange(paths.Select((path, i) => new CsvFile(
                path, CsvLayout.Find(path, request, missingToken), parts ? null : stems[i], parts && stems[i].Equals("test", StringComparison.OrdinalIgnoreCase))));
        }
        else
        {
            files.Add(new CsvFile(request.Source, CsvLayout.Find(request.Source, request, missingToken), null, IsTest: false));
        }

        if (request.TestSource is { } test)
        {
            files.Add(new CsvFile(test, CsvLayout.Find(test, request, missingToken), files[0].Site is null ? null : DataFile.Stem(test), IsTest: true));
        }

        CheckAgreement(files);
        // The training part stands first: the test part is what follows.
        return [.. files.OrderBy(file => file.IsTest)];
    }

    private static void CheckAgreement(List<CsvFile> files)
    {
        CsvFile first = files[0];
        foreach (CsvFile file in files.Skip(1))
        {
            if (file.Layout.Columns != first.Layout.Columns)
            {
                throw SimulationException.AtLine(
                    file.Path, 1, $"{file.Layout.Columns} columns; {first.Path} has {first.Layout.Columns}. The files of one data set need the same columns.");
            }

            string[]? names = file.Layout.Names;
            string[]? expected = first.Layout.Names;
            if (names is null != expected is null || (names is not null && !names.SequenceEqual(expected!, StringComparer.Ordinal)))
            {
                throw SimulationException.AtLine(
                    file.Path, 1, $"the header is {Text(names)}; {first.Path} has {Text(expected)}. The files of one data set need the same header, or none (--header no).");
            }
        }
    }

    private static string Text(string[]? names) => names is null ? "missing" : string.Join(',', names);
}
