using System.Diagnostics;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.CommandLine;

/// <summary>Processes that know nothing of each other end in the same state, whatever their number of threads.</summary>
public sealed class OneByteProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-onebyte-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Run_TwoProcessesWithOtherThreads_SameStateHashAfterAHundredRounds()
    {
        string[] hashes = await Task.WhenAll(RunAsync(workers: 1), RunAsync(workers: 3));

        Assert.NotNull(hashes[0]);
        Assert.Equal(hashes[0], hashes[1]);
    }

    private async Task<string> RunAsync(int workers)
    {
        string folder = Path.Combine(_folder.FullName, $"workers-{workers}");
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Simulation.dll"), "run", "--algorithm", "onebyte", "--model", "logistic", "--algorithm-option", "probes=2", "--rounds", "100",
                "--eval-every", "100", "--workers", $"{workers}", "--output", folder, "--plain",
            ])
        {
            RedirectStandardOutput = true,
        })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return ResultFolder.Read(folder).Final.StateSha256!;
    }
}
