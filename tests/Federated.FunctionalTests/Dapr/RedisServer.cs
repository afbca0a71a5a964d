using System.Diagnostics;
using System.Globalization;
using Federated.FunctionalTests.Dapr;
using StackExchange.Redis;

[assembly: AssemblyFixture(typeof(RedisServer))]

namespace Federated.FunctionalTests.Dapr;

/// <summary>
/// A private Redis server without a file, started when the first test asks for it from the binary of the machine. Without the
/// binary tests are skipped, or fail when FEDERATED_REQUIRE_SERVICES is 1.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    /// <summary>More than there are tests.</summary>
    private const int Databases = 1000;

    private readonly Lazy<Task<string>> _start;
    private Process? _process;
    private int _opened;

    public RedisServer()
    {
        _start = new Lazy<Task<string>>(StartAsync);
    }

    /// <summary>The address of an empty database, of which no other test has part: tests run side by side.</summary>
    public async Task<string> OpenAsync()
    {
        if (Binaries.Find("redis-server") is null)
        {
            const string Reason = "The Redis server binary (redis-server) is not installed on this machine.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("FEDERATED_REQUIRE_SERVICES") != "1", Reason);
            Assert.Fail(Reason);
        }

        string address = await _start.Value;
        return new ConfigurationOptions { EndPoints = { address }, DefaultDatabase = Interlocked.Increment(ref _opened) % Databases }.ToString();
    }

    public ValueTask DisposeAsync()
    {
        _process?.Kill();
        _process?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> StartAsync()
    {
        string port = TestPorts.Next().ToString(CultureInfo.InvariantCulture);
        _process = Process.Start(new ProcessStartInfo(
            Binaries.Find("redis-server")!, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--databases", Databases.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, output) =>
        {
            if (output.Data is null || output.Data.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult(output.Data is not null);
            }
        };
        _process.BeginOutputReadLine();
        return await ready.Task
            ? "127.0.0.1:" + port
            : throw new InvalidOperationException("redis-server ended before it was ready.");
    }
}
