using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Federated.Protocol.Models;
using Federated.UnitTests.Sparse;

namespace Federated.UnitTests.Simulation.CommandLine;

/// <summary>The sample trains, exports, and starts its device as a process of its own.</summary>
public sealed partial class EdgePruningTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("federated-edge-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Run_Quick_DeviceClassifiesAsLibtorchDoesWithin64Megabytes()
    {
        string output = await RunAsync("--rounds", "2", "--density", "0.2", "--output", _folder);

        string[] formats = [".dense.safetensors", ".sparse.safetensors", ".onnx", ".sparse.onnx", ".fedtiny"];
        Assert.All(formats, format => Assert.True(File.Exists(Path.Combine(_folder, "model" + format)), format));
        Match accuracy = Accuracy().Match(output), managed = Managed().Match(output);
        Assert.True(accuracy.Success && managed.Success, output);
        Assert.Equal(CorrectOfLibtorch(), Number(accuracy));
        Assert.Equal(64L << 20, long.Parse(managed.Groups[2].Value, CultureInfo.InvariantCulture));
        Assert.InRange(Number(managed), 1, 64 << 20);
    }

    private static int Number(Match match) => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task<string> RunAsync(params string[] line)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "EdgePruning.dll"), .. line])
        {
            RedirectStandardOutput = true,
        })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    private int CorrectOfLibtorch()
    {
        var model = new ZooModel(ModelFile.Read(File.ReadAllBytes(Path.Combine(_folder, "model.sparse.safetensors"))), [1, 8, 8], 10);
        float[][] rows = [.. File.ReadLines(Path.Combine(_folder, "examples.csv")).Select(line => line.Split(',').Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        float[] scores = model.Scores([.. rows.SelectMany(row => row[..^1])], rows.Length);
        return rows.Index().Count(row =>
        {
            ReadOnlySpan<float> own = scores.AsSpan(row.Index * 10, 10);
            return own.IndexOf(scores.Skip(row.Index * 10).Take(10).Max()) == row.Item[^1];
        });
    }

    [GeneratedRegex(@"^accuracy: [0-9.]+ \((\d+) of \d+\)", RegexOptions.Multiline)]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"managed: (\d+) bytes in use, (\d+) allowed")]
    private static partial Regex Managed();
}
