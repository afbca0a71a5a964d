using System.Diagnostics;
using Federated.FunctionalTests;
using StackExchange.Redis;

namespace Federated.Benchmarks.Tier;

/// <summary>A real Redis server of its own, in memory only, when there is one on the path.</summary>
internal sealed class RedisProcess : IDisposable
{
    private readonly Process _process;
    private readonly ConnectionMultiplexer _producer;
    private readonly ConnectionMultiplexer _consumer;

    private RedisProcess(Process process, ConnectionMultiplexer producer, ConnectionMultiplexer consumer)
    {
        _process = process;
        _producer = producer;
        _consumer = consumer;
    }

    /// <summary>Processor seconds of the server.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public static async Task<RedisProcess?> StartAsync(CancellationToken cancellationToken)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':')
            .Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
        if (program is null)
        {
            return null;
        }

        int port = TestPorts.Next();
        Process process = Process.Start(new ProcessStartInfo(program, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        {
            RedirectStandardOutput = true,
        })!;
        _ = process.StandardOutput.ReadToEndAsync(cancellationToken);
        ConfigurationOptions options = ConfigurationOptions.Parse($"127.0.0.1:{port},abortConnect=false,connectRetry=20,syncTimeout=60000,asyncTimeout=60000");
        return new RedisProcess(process, await ConnectionMultiplexer.ConnectAsync(options), await ConnectionMultiplexer.ConnectAsync(options));
    }

    /// <summary>Adds an update to a stream on one connection and reads it on another.</summary>
    public async Task<double> HandOverAsync(byte[] update)
    {
        IDatabase producer = _producer.GetDatabase();
        IDatabase consumer = _consumer.GetDatabase();
        long started = Stopwatch.GetTimestamp();
        await producer.StreamAddAsync("updates", "data", update);
        StreamEntry[] entries = await consumer.StreamReadAsync("updates", "0-0", count: 1);
        byte[] received = entries[0].Values[0].Value!;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (received.Length != update.Length)
        {
            throw new InvalidOperationException($"{received.Length} bytes came of {update.Length}.");
        }

        await producer.KeyDeleteAsync("updates");
        return seconds;
    }

    public void Dispose()
    {
        _producer.Dispose();
        _consumer.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
