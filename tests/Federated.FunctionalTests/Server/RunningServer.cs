using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Server.Hosting;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Server;

/// <summary>A real server in this process, on free ports, over a data folder of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string AdministratorKey = "functional-test-administrator-key";

    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;

    private RunningServer(WebApplication app, DirectoryInfo folder, LogRecorder logs)
    {
        _app = app;
        _folder = folder;
        Logs = logs;
        Addresses = ListeningAddresses.Of(app.Services);
        Channel = GrpcChannel.ForAddress(Addresses.Grpc);
        Administrator = new HttpClient { BaseAddress = new Uri(Addresses.Rest) };
        Administrator.DefaultRequestHeaders.Add("X-Api-Key", AdministratorKey);
    }

    public ListeningAddresses Addresses { get; }

    public string DataFolder => _folder.FullName;

    public GrpcChannel Channel { get; }

    /// <summary>Sends the administrator key with each request.</summary>
    public HttpClient Administrator { get; }

    public IServiceProvider Services => _app.Services;

    public LogRecorder Logs { get; }

    /// <param name="settings">Further settings, such as <c>--Coordination:MinimumSdkVersion=9.0.0</c>.</param>
    public static Task<RunningServer> StartAsync(params string[] settings)
    {
        return StartAsync(TimeProvider.System, settings);
    }

    public static async Task<RunningServer> StartAsync(TimeProvider time, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("federated-server-");
        string[] arguments =
        [
            "--environment=Production",
            $"--Data:Directory={folder.FullName}",
            "--Endpoints:Rest=http://127.0.0.1:0",
            "--Endpoints:Grpc=http://127.0.0.1:0",
            $"--Admin:Key={AdministratorKey}",
            "--Identity:FirstTokenUses=0",
            "--Aggregator:SlotBytes=1048576",
            .. settings,
        ];
        var logs = new LogRecorder();
        var app = FederatedServer.Build(arguments, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(logs);
            builder.Services.AddSingleton(time);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningServer(app, folder, logs);
    }

    public async Task<string> CreateEnrolmentTokenAsync(int uses = 1000, double lifetimeHours = 24)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var response = await Administrator.PostAsJsonAsync("/api/v1/enrolment-tokens", new { uses, lifetimeHours }, cancellation);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(cancellation);
        return (string)body!["token"]!;
    }

    /// <summary>A clean shutdown.</summary>
    public Task StopAsync()
    {
        return _app.StopAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Administrator.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }
}
