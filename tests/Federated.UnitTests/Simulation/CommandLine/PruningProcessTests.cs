using System.Diagnostics;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.CommandLine;

/// <summary>Processes that know nothing of each other come to the same masks, whatever their number of threads.</summary>
public sealed class PruningProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-pruning-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("logistic", "dense")]
    [InlineData("cnn-bn:4", "sparse")]
    public async Task Run_TwoProcessesWithOtherThreads_SameMaskAndModel(string model, string kernels)
    {
        ResultDocument[] results = await Task.WhenAll(RunAsync(model, workers: 1), RunAsync(model, workers: 3));

        PruningSummary[] summaries = [.. results.Select(result => result.Pruning!)];
        Assert.Equal(4, summaries[0].MaskEpoch);
        Assert.Equal(summaries[0].MaskSha256, summaries[1].MaskSha256);
        Assert.Equal(results[0].Final.ModelSha256, results[1].Final.ModelSha256);
        Assert.Equal(results[0].Final.Loss, results[1].Final.Loss);
        Assert.Equal(summaries[0].Candidates.Candidates.Select(candidate => candidate.Loss), summaries[1].Candidates.Candidates.Select(candidate => candidate.Loss));
        Assert.All(results.SelectMany(result => result.Rounds), round => Assert.Equal(kernels, round.Kernels));
    }

    private async Task<ResultDocument> RunAsync(string model, int workers)
    {
        string folder = Path.Combine(_folder.FullName, $"workers-{workers}");
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Simulation.dll"), "run", "--model", model, "--rounds", "7", "--pruning", "fedtiny", "--density", "0.2", "--pruning-candidates", "3",
                "--pruning-every", "2", "--pruning-stop", "8", "--pruning-blocks", "1", "--eval-every", "7", "--workers", $"{workers}", "--output", folder, "--plain",
            ])
        {
            RedirectStandardOutput = true,
        })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return ResultFolder.Read(folder);
    }
}
