using System.Diagnostics;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.CommandLine;

/// <summary>Processes that know nothing of each other come to the same masks, whatever their number of threads.</summary>
public sealed class PruningProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-pruning-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_TwoProcessesWithOtherThreads_SameMaskAndModel()
    {
        PruningSummary[] summaries = await Task.WhenAll(RunAsync(workers: 1), RunAsync(workers: 3));

        Assert.Equal(4, summaries[0].MaskEpoch);
        Assert.Equal(summaries[0].MaskSha256, summaries[1].MaskSha256);
        Assert.Equal(summaries[0].Candidates.Candidates.Select(candidate => candidate.Loss), summaries[1].Candidates.Candidates.Select(candidate => candidate.Loss));
    }

    private async Task<PruningSummary> RunAsync(int workers)
    {
        string folder = Path.Combine(_folder.FullName, $"workers-{workers}");
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Simulation.dll"), "run", "--model", "logistic", "--rounds", "7", "--pruning", "fedtiny", "--density", "0.2", "--pruning-candidates", "3",
                "--pruning-every", "2", "--pruning-stop", "8", "--pruning-blocks", "1", "--eval-every", "7", "--workers", $"{workers}", "--output", folder, "--plain",
            ])
        {
            RedirectStandardOutput = true,
        })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return ResultFolder.Read(folder).Pruning!;
    }
}
