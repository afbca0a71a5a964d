using Federated.Simulation.Data.Csv;
using Federated.Simulation.Data.Idx;
using Federated.Simulation.Data.Libsvm;
using Federated.Simulation.Data.Text;

namespace Federated.Simulation.Data;

/// <summary>Reads any data set: finds the format and calls its reader.</summary>
internal static class DatasetReader
{
    public static LoadedData Read(DatasetRequest request)
    {
        DatasetRequest resolved = BundledDatasets.Resolve(request) ?? request;
        CheckPaths(resolved);
        DatasetFormat format = resolved.Format ?? Guess(resolved.Source);
        if (format is DatasetFormat.Libsvm or DatasetFormat.Text && Directory.Exists(resolved.Source))
        {
            throw new SimulationException($"{resolved.Source}: a folder; the format {format.ToString().ToLowerInvariant()} is read from one file.");
        }

        return format switch
        {
            DatasetFormat.Idx => IdxReader.Read(resolved),
            DatasetFormat.Csv => CsvReader.Read(resolved),
            DatasetFormat.Libsvm => LibsvmReader.Read(resolved),
            _ => TextDataReader.Read(resolved),
        };
    }

    /// <summary>The format that a request asks for, or that the names of its files tell.</summary>
    public static DatasetFormat FormatOf(DatasetRequest request)
    {
        DatasetRequest resolved = BundledDatasets.Resolve(request) ?? request;
        CheckPaths(resolved);
        return resolved.Format ?? Guess(resolved.Source);
    }

    /// <summary>Whether a folder of CSV files is one data set with a test part, and not a file for each site.</summary>
    public static bool HasTestFile(string folder) =>
        Directory.EnumerateFiles(folder).Any(file => DataFile.Stem(file).Equals("test", StringComparison.OrdinalIgnoreCase));

    private static void CheckPaths(DatasetRequest resolved)
    {
        foreach (string path in new[] { resolved.Source, resolved.TestSource }.OfType<string>())
        {
            if (!File.Exists(path) && !Directory.Exists(path))
            {
                throw new SimulationException(
                    $"{path}: no such file or folder, and no bundled data set ({string.Join(", ", BundledDatasets.All.Select(dataset => dataset.Name))}) has that name.");
            }
        }
    }

    private static DatasetFormat Guess(string source)
    {
        string[] names = Directory.Exists(source) ? [.. Directory.EnumerateFiles(source).Select(file => Path.GetFileName(file))] : [Path.GetFileName(source)];
        bool Any(params string[] parts) => names.Any(name => parts.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase)));
        return Any("idx1", "idx3", "-ubyte") ? DatasetFormat.Idx
            : Any(".libsvm", ".svm") ? DatasetFormat.Libsvm
            : Any(".csv", ".tsv", ".data") ? DatasetFormat.Csv
            : throw new SimulationException($"{source}: the format cannot be told from the name; give --format idx, csv, libsvm or text.");
    }
}
