using System.Diagnostics;
using System.Globalization;

namespace Federated.FunctionalTests.Exchange;

/// <summary>A member of an exchange among peers, as a process that can be killed.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Seen)> _waits = [];

    /// <param name="machine">The member's number.</param>
    /// <param name="rounds">Rounds of the exchange.</param>
    /// <param name="pauseAt">The round before which the member waits to be told to go on; 0 for none.</param>
    /// <param name="ports">The port of each member.</param>
    /// <param name="keys">The folder of the identities.</param>
    /// <param name="gatherSeconds">How long a round waits for the last members.</param>
    public PeerProcess(int machine, int rounds, int pauseAt, IEnumerable<int> ports, string keys, int gatherSeconds = 2)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Federated.PeerHost.dll"), machine.ToString(CultureInfo.InvariantCulture), rounds.ToString(CultureInfo.InvariantCulture),
                pauseAt.ToString(CultureInfo.InvariantCulture), string.Join(',', ports), keys, gatherSeconds.ToString(CultureInfo.InvariantCulture),
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_gcServer"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>The first line, said already or to come, that is wanted.</summary>
    public Task<string> LineAsync(Func<string, bool> wanted)
    {
        lock (_lines)
        {
            if (_lines.Find(line => wanted(line)) is { } said)
            {
                return Task.FromResult(said);
            }

            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((wanted, seen));
            return seen.Task;
        }
    }

    /// <summary>The words of the last line, by name.</summary>
    public async Task<Dictionary<string, string>> EndAsync()
    {
        string[] words = (await LineAsync(line => line.StartsWith("end ", StringComparison.Ordinal))).Split(' ');
        return words.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public Task GoOnAsync() => _process.StandardInput.WriteLineAsync();

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
            foreach (var wait in _waits.Where(wait => wait.Wanted(line)))
            {
                wait.Seen.TrySetResult(line);
            }
        }
    }
}
