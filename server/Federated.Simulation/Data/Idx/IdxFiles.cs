namespace Federated.Simulation.Data.Idx;

/// <summary>Finds the images and labels that belong together, in a folder or beside a file.</summary>
/// <param name="Images">The images.</param>
/// <param name="Labels">Their labels.</param>
internal sealed record IdxFiles(string Images, string Labels)
{
    /// <summary>The training pair of a folder and, when it has one, its test pair; or the single pair that a path belongs to.</summary>
    public static (IdxFiles Train, IdxFiles? Test) Find(string source)
    {
        if (!Directory.Exists(source))
        {
            return (PairOf(source), null);
        }

        var pairs = Directory.EnumerateFiles(source)
            .Where(file => IsImages(file))
            .Order(StringComparer.Ordinal)
            .Select(PairOf)
            .ToList();
        var test = pairs.Where(pair => IsTest(pair.Images)).ToList();
        var train = pairs.Except(test).ToList();
        return (train.Count, test.Count) switch
        {
            (1, 0 or 1) => (train[0], test.FirstOrDefault()),
            (0, 1) => (test[0], null),
            (0, 0) => throw new SimulationException(
                $"{source}: no IDX images found; expected files such as train-images-idx3-ubyte and train-labels-idx1-ubyte, with or without .gz."),
            _ => throw new SimulationException(
                $"{source}: several data sets ({string.Join(", ", pairs.Select(pair => Path.GetFileName(pair.Images)))}); give the path of one images file."),
        };
    }

    private static IdxFiles PairOf(string images)
    {
        string name = Path.GetFileName(images);
        if (!IsImages(images))
        {
            throw new SimulationException($"{images}: expected the images of an IDX pair ('images' or 'idx3' in the name), from which the labels' name follows.");
        }

        string labels = name.Replace("images", "labels", StringComparison.OrdinalIgnoreCase).Replace("idx3", "idx1", StringComparison.OrdinalIgnoreCase)
            .Replace("idx4", "idx1", StringComparison.OrdinalIgnoreCase).Replace("idx2", "idx1", StringComparison.OrdinalIgnoreCase);
        string folder = Path.GetDirectoryName(Path.GetFullPath(images))!;
        string plain = DataFile.WithoutGz(Path.Combine(folder, labels));
        string? found = new[] { plain, plain + ".gz" }.FirstOrDefault(File.Exists);
        return found is not null
            ? new IdxFiles(images, found)
            : throw new SimulationException($"{images}: its labels are missing; expected {plain} or {plain}.gz.");
    }

    private static bool IsImages(string path)
    {
        string name = Path.GetFileName(path);
        return name.Contains("images", StringComparison.OrdinalIgnoreCase) || name.Contains("idx3", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsTest(string path)
    {
        string name = Path.GetFileName(path);
        return name.Contains("t10k", StringComparison.OrdinalIgnoreCase) || name.Contains("test", StringComparison.OrdinalIgnoreCase);
    }
}
