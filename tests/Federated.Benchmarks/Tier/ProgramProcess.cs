using System.Diagnostics;

namespace Federated.Benchmarks.Tier;

/// <summary>One of our programs as a process of its own; it is killed at the end.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private readonly Process _process;

    private ProgramProcess(Process process, IReadOnlyList<string> readyLines)
    {
        _process = process;
        ReadyLines = readyLines;
    }

    /// <summary>The lines that said that it is ready.</summary>
    public IReadOnlyList<string> ReadyLines { get; }

    /// <summary>Processor seconds so far.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Starts a program of the output folder and waits until it has printed as many lines that begin so.</summary>
    public static async Task<ProgramProcess> StartAsync(
        string program, IEnumerable<string> arguments, string readyLine, int count, CancellationToken cancellationToken, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        var lines = new List<string>();
        while (lines.Count < count)
        {
            string line = await process.StandardOutput.ReadLineAsync(cancellationToken)
                ?? throw new InvalidOperationException($"{program} ended before it was ready.");
            if (line.StartsWith(readyLine, StringComparison.Ordinal))
            {
                lines.Add(line);
            }
        }

        _ = process.StandardOutput.ReadToEndAsync(cancellationToken);
        return new ProgramProcess(process, lines);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
