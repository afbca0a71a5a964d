namespace Federated.Simulation.Data.Csv;

/// <summary>Reads separated values: number columns as they are, text columns as one feature for each category, one column as label, one as group.</summary>
internal static class CsvReader
{
    public static LoadedData Read(DatasetRequest request)
    {
        MissingSpec? missing = request.Missing is { } text ? MissingSpec.Parse(text) : null;
        LabelSpec label = request.Label is { } spec ? LabelSpec.Parse(spec) : LabelSpec.Last;
        IReadOnlyList<CsvFile> files = CsvFiles.Find(request, missing?.Token);
        var scan = new CsvScan(files, request, missing, label);
        if ((long)scan.Rows * scan.FeatureCount > Array.MaxLength)
        {
            throw new SimulationException($"{request.Source}: {scan.Rows} examples of {scan.FeatureCount} features are more than {Array.MaxLength} numbers.");
        }

        var fill = new CsvFill(scan, label, missing, files);
        CsvRows.ForEach(files, scan.Columns.Length, fill.Add);
        return new LoadedData
        {
            Name = Directory.Exists(request.Source) ? Path.GetFileName(Path.GetFullPath(request.Source).TrimEnd(Path.DirectorySeparatorChar)) : DataFile.Stem(request.Source),
            Format = DatasetFormat.Csv,
            Shape = DatasetShape.For(request, scan.FeatureCount),
            Features = fill.Features,
            Labels = fill.Labels,
            ClassNames = ClassNames(files[0].Layout, fill.ClassNames),
            FeatureNames = fill.FeatureNames,
            Indicators = fill.Indicators,
            Groups = fill.Groups,
            TestStart = scan.TrainRows,
            Notes = scan.DroppedRows > 0 ? [$"{scan.DroppedRows} lines with missing values were left out."] : [],
        };
    }

    private static IReadOnlyList<string> ClassNames(CsvLayout layout, IReadOnlyList<string> found) =>
        layout.ClassNames is { } names && names.Length == found.Count ? names : found;
}
