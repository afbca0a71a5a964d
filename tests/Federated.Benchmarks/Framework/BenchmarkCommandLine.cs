using System.Text.Json;

namespace Federated.Benchmarks.Framework;

/// <summary>The command line: names of benchmarks, <c>--json FILE</c> and <c>--data FOLDER</c>. A missed goal is a figure, not a failure.</summary>
internal static class BenchmarkCommandLine
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(IReadOnlyList<IBenchmark> benchmarks, string[] arguments, CancellationToken cancellationToken)
    {
        string? jsonFile = null, dataFolder = null;
        var names = new List<string>();
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--json" && i + 1 < arguments.Length)
            {
                jsonFile = arguments[++i];
            }
            else if (arguments[i] == "--data" && i + 1 < arguments.Length)
            {
                dataFolder = arguments[++i];
            }
            else
            {
                names.Add(arguments[i]);
            }
        }

        if (names.Count == 0 || names.Contains("--help"))
        {
            Help(benchmarks);
            return 0;
        }

        if (names.Find(name => benchmarks.All(benchmark => benchmark.Name != name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no benchmark '{unknown}'. There are: {string.Join(", ", benchmarks.Select(benchmark => benchmark.Name))}.");
            return 2;
        }

        Console.WriteLine(MachineDescription.Text);
        var context = new BenchmarkContext(cancellationToken, dataFolder);
        foreach (string name in names)
        {
            Console.WriteLine($"running {name} ...");
            await benchmarks.First(benchmark => benchmark.Name == name).RunAsync(context);
        }

        FigureTable.Write(Console.Out, context.Figures);
        if (jsonFile is not null)
        {
            await using FileStream file = File.Create(jsonFile);
            await JsonSerializer.SerializeAsync(file, new FigureReport(context.Figures), JsonOptions, cancellationToken);
        }

        return 0;
    }

    private static void Help(IReadOnlyList<IBenchmark> benchmarks)
    {
        Console.WriteLine("dotnet run -c Release --project tests/Federated.Benchmarks -- NAME... [--json FILE] [--data FOLDER]");
        Console.WriteLine();
        int width = benchmarks.Select(benchmark => benchmark.Name.Length).DefaultIfEmpty().Max();
        foreach (IBenchmark benchmark in benchmarks)
        {
            Console.WriteLine($"  {benchmark.Name.PadRight(width)}  {benchmark.Summary}");
        }
    }
}
