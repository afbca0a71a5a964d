using System.Diagnostics;
using System.Runtime.InteropServices;
using Federated.FunctionalTests.Database;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresCluster))]

namespace Federated.FunctionalTests.Database;

/// <summary>
/// A private PostgreSQL cluster in a temporary folder, started when the first test asks for it from the binaries of the
/// machine. Without binaries tests are skipped, or fail when FEDERATED_REQUIRE_SERVICES is 1.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private readonly Lazy<Task<string>> _start;
    private string? _folder;
    private string? _binaries;
    private int _databases;

    public PostgresCluster()
    {
        _start = new Lazy<Task<string>>(StartAsync);
    }

    /// <summary>Makes an empty database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        if (FindBinaries() is null)
        {
            const string Reason = "The PostgreSQL server binaries (initdb, pg_ctl) are not installed on this machine.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("FEDERATED_REQUIRE_SERVICES") != "1", Reason);
            Assert.Fail(Reason);
        }

        var server = await _start.Value;
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await RunAsync("pg_ctl", "stop", "-D", DataFolder, "-m", "immediate", "-w");
            Directory.Delete(_folder, recursive: true);
        }
    }

    private string DataFolder => Path.Combine(_folder!, "data");

    private static string? FindBinaries()
    {
        var folders = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(folder => Path.Combine(folder, "bin"))
            : [];
        return folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));
    }

    private async Task<string> StartAsync()
    {
        _binaries = FindBinaries();
        _folder = Directory.CreateTempSubdirectory("federated-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
        {
            await ExecuteAsync("chown", ["-R", Owner(), _folder]);
        }

        int port = TestPorts.Next();
        await RunAsync("initdb", "-D", DataFolder, "-U", "federated", "-A", "trust", "-E", "UTF8", "--no-sync");
        await RunAsync(
            "pg_ctl", "start", "-D", DataFolder, "-w", "-t", "60", "-l", Path.Combine(_folder, "log"),
            "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder} -c fsync=off");
        return $"Host=127.0.0.1;Port={port};Username=federated;Database=postgres;Include Error Detail=true";
    }

    // The server refuses to run as root.
    private static string Owner()
    {
        return File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
    }

    private Task RunAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries!, program);
        return Environment.IsPrivilegedProcess && RuntimeInformation.IsOSPlatform(OSPlatform.Linux)
            ? ExecuteAsync("runuser", ["-u", Owner(), "--", path, .. arguments])
            : ExecuteAsync(path, arguments);
    }

    // Through a shell that sends the output to a file: a server started by pg_ctl would inherit a pipe and keep it open.
    private async Task ExecuteAsync(string program, string[] arguments)
    {
        var log = Path.Combine(Path.GetTempPath(), Path.GetFileName(_folder!) + ".out");
        var start = new ProcessStartInfo("sh", ["-c", $"\"$0\" \"$@\" > {log} 2>&1 < /dev/null", program, .. arguments])
        {
            WorkingDirectory = _folder,
        };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        var output = await File.ReadAllTextAsync(log);
        File.Delete(log);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        }
    }
}
