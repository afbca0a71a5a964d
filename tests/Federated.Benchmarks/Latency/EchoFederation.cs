using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client;
using Federated.Client.Sessions;
using Federated.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Federated.Benchmarks.Latency;

/// <summary>The real server in this process, and SDK devices on loopback that train nothing.</summary>
internal sealed class EchoFederation : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stop;
    private readonly Task _devices;

    private EchoFederation(DirectoryInfo folder, WebApplication server, CancellationTokenSource stop, Task devices)
    {
        _folder = folder;
        _server = server;
        _stop = stop;
        _devices = devices;
    }

    /// <summary>Ends, with the reason, when a device does.</summary>
    public Task Devices => _devices;

    public static async Task<EchoFederation> StartAsync(int devices, int features, int outputs, RoundGate gate, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("federated-latency-");
        WebApplication server = FederatedServer.Build(
            [
                "--environment=Development",
                $"--Data:Directory={folder.FullName}/server",
                "--Endpoints:Rest=http://127.0.0.1:0",
                "--Endpoints:Grpc=http://127.0.0.1:0",
            ],
            builder => builder.Logging.ClearProviders());
        await server.StartAsync(cancellationToken);
        ListeningAddresses addresses = ListeningAddresses.Of(server.Services);
        using var administrator = new HttpClient { BaseAddress = new Uri(addresses.Rest) };
        string token = await PostAsync(administrator, "/api/v1/enrolment-tokens", new { uses = devices, lifetimeHours = 1 }, "token", cancellationToken);
        await PostAsync(
            administrator,
            "/api/v1/jobs",
            new
            {
                model = "logistic",
                linear = new { features, outputs },
                rounds = 1_000_000,
                round = new { cohortSize = devices, deadlineSeconds = 600 },
                local = new { epochs = 0, steps = 1 },
            },
            "jobId",
            cancellationToken);

        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int parameters = (features + 1) * outputs;
        Task running = Task.WhenAll(Enumerable.Range(0, devices).Select(i =>
            NewDevice(addresses.Grpc, token, Path.Combine(folder.FullName, $"device-{i}")).RunAsync(
                new LocalWork { CreateSolver = _ => new EchoSolver(parameters), Algorithms = [new EchoAlgorithm(gate)] },
                stop.Token)));
        return new EchoFederation(folder, server, stop, running);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _devices;
        }
        catch (OperationCanceledException)
        {
            // That is how the devices are told to stop.
        }

        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    private static FederatedDevice NewDevice(string address, string token, string folder) => new(new FederatedClientOptions
    {
        Server = new Uri(address),
        EnrolmentToken = token,
        DataFolder = folder,
    });

    private static async Task<string> PostAsync(HttpClient client, string path, object body, string member, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(path, body, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? (string)JsonNode.Parse(text)![member]!
            : throw new InvalidOperationException($"POST {path}: {(int)response.StatusCode} {text}");
    }
}
