using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Federated.FunctionalTests.Server;

/// <summary>The server as a process of its own, so that it can be killed.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int MostStarts = 5;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<(string ForAdministrators, string ForDevices)> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _disposed;

    private ServerProcess(Process process)
    {
        _process = process;
    }

    public string Rest { get; private set; } = "";

    public string Grpc { get; private set; } = "";

    public string EnrolmentToken { get; private set; } = "";

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

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <remarks>
    /// A server that starts again on its ports may find one taken for a moment: a client that connects to a port of this machine on which nobody listens can be given that very port for its own end.
    /// </remarks>
    public static async Task<ServerProcess> StartAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = Launch(arguments, "Production");
            var exited = server._process.WaitForExitAsync(cancellationToken);
            if (await Task.WhenAny(server._listening.Task, exited) != exited)
            {
                (server.Rest, server.Grpc) = await server._listening.Task;
                return server;
            }

            await exited;
            if (attempt == MostStarts || !server.Output.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"The server ended with {server._process.ExitCode} before it listened:\n{server.Output}");
            }

            await server.DisposeAsync();
        }
    }

    /// <summary>Runs a server that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(
        IEnumerable<string> arguments, string environment, CancellationToken cancellationToken)
    {
        await using var server = Launch(arguments, environment);
        await server._process.WaitForExitAsync(cancellationToken);
        return (server._process.ExitCode, server.Output);
    }

    /// <summary>SIGKILL: nothing of the server gets to run any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> TerminateAsync(CancellationToken cancellationToken)
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(cancellationToken);
        }

        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static ServerProcess Launch(IEnumerable<string> arguments, string environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Federated.Server.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = environment;
        start.Environment["DOTNET_gcServer"] = "0";
        var server = new ServerProcess(new Process { StartInfo = start });
        server._process.OutputDataReceived += (_, line) => server.Read(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Read(line.Data);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
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

        if (TokenLine().Match(line) is { Success: true } token)
        {
            EnrolmentToken = token.Groups[1].Value;
        }

        if (ListeningLine().Match(line) is { Success: true } listening)
        {
            _listening.TrySetResult((listening.Groups[1].Value, listening.Groups[2].Value));
        }
    }

    [GeneratedRegex(@"^Enrolment token \(shown once.*: (fet_\S+)$")]
    private static partial Regex TokenLine();

    [GeneratedRegex(@"^Listening: administrators on (\S+) \(REST\), devices on (\S+) \(gRPC\)\.$")]
    private static partial Regex ListeningLine();
}
