using System.Globalization;
using System.IO.Compression;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>The bundled digits, dealt to devices.</summary>
internal static class Digits
{
    public const int Features = 64;
    public const int Outputs = 10;

    private static readonly Lazy<int[][]> Rows = new(Read);

    /// <summary>A solver over every <paramref name="devices"/>-th example, beginning with number <paramref name="device"/>.</summary>
    public static SgdSolver SolverFor(int device, int devices)
    {
        int[][] rows = [.. Rows.Value.Where((_, i) => i % devices == device)];
        var examples = new ExampleSet(
            rows.SelectMany(row => row[..Features]).Select(pixel => pixel / 16f).ToArray(), Features, rows.Select(row => row[Features]).ToArray());
        var objective = new SoftmaxObjective(Features, Outputs);
        objective.Select(examples, Enumerable.Range(0, examples.Count).ToArray());
        return new SgdSolver(objective);
    }

    private static int[][] Read()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Federated.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        using var file = new GZipStream(File.OpenRead(Path.Combine(folder.FullName, "samples/data/digits.csv.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(',').Select(field => int.Parse(field, CultureInfo.InvariantCulture)).ToArray())];
    }
}
