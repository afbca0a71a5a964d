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
    private readonly Lazy<Task<string>> _start;
    private Process? _process;

    public RedisServer()
    {
        _start = new Lazy<Task<string>>(StartAsync);
    }

    /// <summary>The address of an empty database.</summary>
    public async Task<string> OpenAsync()
    {
        if (Binaries.Find("redis-server") is null)
        {
            const string Reason = "The Redis server binary (redis-server) is not installed on this machine.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("FEDERATED_REQUIRE_SERVICES") != "1", Reason);
            Assert.Fail(Reason);
        }

        string address = await _start.Value;
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(address + ",allowAdmin=true");
        await redis.GetServers()[0].FlushAllDatabasesAsync();
        return address;
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
            Binaries.Find("redis-server")!, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
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
