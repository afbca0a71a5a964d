using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Server;
using Federated.Protocol.Models;
using Federated.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>A real server with a job on the digits, and devices on the SDK.</summary>
internal sealed class DigitsFederation : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-digits-");
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly RunningServer _server;
    private readonly string _token;
    private readonly string _jobId;

    private DigitsFederation(RunningServer server, string token, string jobId)
    {
        _server = server;
        _token = token;
        _jobId = jobId;
        _limit.CancelAfter(TimeSpan.FromMinutes(5));
    }

    /// <summary>Ends a test that hangs.</summary>
    public CancellationToken Limit => _limit.Token;

    public static async Task<DigitsFederation> StartAsync(
        int rounds, object round, object? compression = null, object? aggregation = null, int evaluateEvery = 5, object? pruning = null)
    {
        RunningServer server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        using HttpResponseMessage response = await server.Administrator.PostAsJsonAsync(
            "/api/v1/jobs",
            Job(rounds, round, aggregation, evaluateEvery, compression, pruning),
            TestContext.Current.CancellationToken);
        JsonNode? body = await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return new DigitsFederation(server, token, (string)body!["jobId"]!);
    }

    /// <summary>Asks for another job, which the server must refuse.</summary>
    /// <returns>The problem.</returns>
    public async Task<string> RefusalAsync(object aggregation, object round)
    {
        using HttpResponseMessage response = await _server.Administrator.PostAsJsonAsync("/api/v1/jobs", Job(1, round, aggregation, 1), Limit);
        Assert.False(response.IsSuccessStatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(Limit))!["errors"]!.AsObject().SelectMany(error => error.Value!.AsArray()).Select(text => (string)text!).Single();
    }

    private static object Job(int rounds, object round, object? aggregation, int evaluateEvery, object? compression = null, object? pruning = null) => new
    {
        model = "logistic",
        linear = new { features = Digits.Features, outputs = Digits.Outputs },
        rounds,
        round,
        aggregation = aggregation ?? new { rule = "mean" },
        compression = compression ?? new { },
        pruning = pruning ?? new { },
        local = new { epochs = 1, batchSize = 16, learningRate = 0.2 },
        evaluation = new { everyRounds = evaluateEvery, deadlineSeconds = 300 },
    };

    public Task<SessionSummary> RunDeviceAsync(string name, ILocalSolver solver, CancellationToken? stop = null, Action<DeviceEvent>? happened = null, string? compression = null)
    {
        var options = new FederatedClientOptions
        {
            Server = new Uri(_server.Addresses.Grpc),
            EnrolmentToken = _token,
            DisplayName = name,
            Compression = compression,
            DataFolder = Path.Combine(_folder.FullName, name),
        };
        options.JobIds.Add(_jobId);
        var device = new FederatedDevice(options);
        device.Happened += (_, what) => happened?.Invoke(what);
        return Task.Run(() => device.RunAsync(solver, stop ?? Limit), Limit);
    }

    /// <summary>Where a device keeps what it remembers.</summary>
    public string FolderOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The bytes that the algorithm keeps with the newest version of the model.</summary>
    public async Task<byte[]> AlgorithmStateAsync(int version)
    {
        IJobStore store = _server.Services.GetRequiredService<IJobStore>();
        ModelVersionRecord? record = await store.FindVersionAsync(new JobKey("default", _jobId), version, Limit);
        return await _server.Services.GetRequiredService<IBlobStore>().ReadAsync(BlobId.Parse(record!.StateBlobId!), Limit) ?? [];
    }

    /// <summary>A version of the model.</summary>
    public async Task<ModelContent> ModelAsync(int version) =>
        ModelFile.Read(await _server.Administrator.GetByteArrayAsync($"/api/v1/jobs/{_jobId}/versions/{version}/model", Limit));

    public async Task<JsonNode> GetAsync(string path) =>
        (await _server.Administrator.GetFromJsonAsync<JsonNode>($"/api/v1/jobs/{_jobId}{path}", TestContext.Current.CancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _limit.Dispose();
        _folder.Delete(recursive: true);
    }
}
