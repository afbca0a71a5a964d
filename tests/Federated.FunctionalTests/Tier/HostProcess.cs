using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Federated.FunctionalTests.Tier;

/// <summary>One of our programs as a process of its own, so that it can be killed or stopped.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _said = new();
    private readonly string _readyLine;

    private HostProcess(Process process, string readyLine)
    {
        _process = process;
        _readyLine = readyLine;
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public int Id => _process.Id;

    /// <summary>Done when the process has ended.</summary>
    public Task Ended => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>Waits until the output has a line with such a text.</summary>
    public Task UntilSaidAsync(string text, CancellationToken cancellationToken) =>
        _said.UntilAsync(() => Output.Contains(text, StringComparison.Ordinal), cancellationToken);

    /// <summary>Starts a program of the test's output folder and waits until it prints a line that begins so.</summary>
    public static async Task<HostProcess> StartAsync(
        string assembly, IEnumerable<string> arguments, string readyLine, CancellationToken cancellationToken, IReadOnlyList<string>? prefix = null)
    {
        string[] command = [.. prefix ?? [], "dotnet", Path.Combine(AppContext.BaseDirectory, assembly), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        var host = new HostProcess(new Process { StartInfo = start }, readyLine);
        host._process.OutputDataReceived += (_, line) => host.Read(line.Data);
        host._process.ErrorDataReceived += (_, line) => host.Read(line.Data);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        Task exited = host._process.WaitForExitAsync(cancellationToken);
        return await Task.WhenAny(host._ready.Task, exited) == exited
            ? throw new InvalidOperationException($"{assembly} ended with {host._process.ExitCode} before it was ready:\n{host.Output}")
            : host;
    }

    /// <summary>SIGKILL: nothing of it gets to run any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Sends a signal, such as STOP, CONT or TERM.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> TerminateAsync(CancellationToken cancellationToken)
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await SignalAsync("CONT");
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        _said.Raise();
        if (line.StartsWith(_readyLine, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}
