using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Server.Configuration;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Server;

/// <summary>A server in a process of its own that is killed (SIGKILL) and started again on the same folder and addresses.</summary>
internal sealed class KillableServer
{
    private const string Key = "killable-server-administrator-key";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder;
    private readonly string[] _settings;
    private ServerProcess _process;

    private KillableServer(string folder, string[] settings, ServerProcess process, HttpClient administrator)
    {
        _folder = folder;
        _settings = [.. settings, $"--Endpoints:Rest={process.Rest}", $"--Endpoints:Grpc={process.Grpc}"];
        _process = process;
        Administrator = administrator;
        Grpc = process.Grpc;
        EnrolmentToken = process.EnrolmentToken;
    }

    /// <summary>Sends the administrator key with each request.</summary>
    public HttpClient Administrator { get; }

    public string Grpc { get; }

    public string EnrolmentToken { get; }

    /// <summary>What the present process has said.</summary>
    public string Output => _process.Output;

    public string DataFolder => DataFolderOf(_folder);

    public string ModelFolder => Path.Combine(DataFolder, "models");

    /// <summary>The database that a server has without further settings.</summary>
    public DatabaseOptions Database => new() { ConnectionString = $"Data Source={Path.Combine(DataFolder, "federated.db")}" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Lets a test work with a server, and adds what the server said last to the message when it fails.</summary>
    public static async Task WithAsync(Func<KillableServer, Task> test, params string[] further)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("federated-killed-");
        string[] settings =
        [
            $"--Data:Directory={DataFolderOf(folder.FullName)}",
            $"--Admin:Key={Key}",
            "--Aggregator:SlotBytes=65536",
            "--Aggregator:SlotCount=8",
            "--Coordination:RestartDelay=00:00:00.1",
            .. further,
        ];
        ServerProcess process = await ServerProcess.StartAsync(
            [.. settings, $"--Endpoints:Rest=http://127.0.0.1:{TestPorts.Next()}", $"--Endpoints:Grpc=http://127.0.0.1:{TestPorts.Next()}"], Cancellation);
        using var administrator = new HttpClient { BaseAddress = new Uri(process.Rest) };
        administrator.DefaultRequestHeaders.Add("X-Api-Key", Key);
        var server = new KillableServer(folder.FullName, settings, process, administrator);
        try
        {
            await test(server);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{exception.StackTrace}\n--- the server said last:\n{server.Output}", exception);
        }
        finally
        {
            await server._process.DisposeAsync();
            SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A folder for what is not the server's.</summary>
    public string Folder(string name) => Path.Combine(_folder, name);

    public async Task<string> CreateJobAsync(object definition)
    {
        using HttpResponseMessage response = await Administrator.PostAsJsonAsync("/api/v1/jobs", definition, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    public async Task RestartAsync()
    {
        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = await ServerProcess.StartAsync(_settings, Cancellation);
    }

    /// <summary>Lets devices work until their job ends, and restarts the server at each of the moments.</summary>
    public async Task RunAsync(IReadOnlyList<SdkDevice> devices, IEnumerable<(DeviceEventKind Kind, int Round)> moments)
    {
        var watch = new MomentWatch(devices, moments);
        Task running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));
        foreach (MomentWatch.Moment moment in watch.All)
        {
            Task first = await Task.WhenAny(moment.Reached, running).WaitAsync(Patience, Cancellation);
            Assert.True(first == moment.Reached, $"The job ended before {moment}. {running.Exception}");
            await RestartAsync();
        }

        await running.WaitAsync(Patience, Cancellation);
    }

    /// <summary>The server ends in order.</summary>
    public async Task TerminateAsync() => Assert.Equal(0, await _process.TerminateAsync(Cancellation));

    private static string DataFolderOf(string folder) => Path.Combine(folder, "server");
}
