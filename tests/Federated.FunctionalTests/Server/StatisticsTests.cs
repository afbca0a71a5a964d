using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Numerics;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Server;

/// <summary>Pooled statistics of real devices on a real server, against the same figures over all the data at once.</summary>
public sealed class StatisticsTests : IDisposable
{
    private const int Features = 8;
    private const int Outputs = 3;
    private const int Devices = 3;

    private static readonly string[] Unknown = ["batch_norm", "colours"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-statistics-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static object Job => new
    {
        linear = new { features = Features, outputs = Outputs },
        rounds = 2,
        round = new { cohortSize = Devices, deadlineSeconds = 600, selectionSeconds = 600, maxAbandoned = 100 },
        local = new { epochs = 1, batchSize = 16, learningRate = 0.2 },
        statistics = new { kinds = new[] { "features", "labels" }, everyRounds = 1, deadlineSeconds = 600 },
    };

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_WithStatistics_PoolsThemBeforeAndBetweenItsRounds()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server.Administrator, Job);

        var devices = CreateDevices(server.Addresses.Grpc, token, jobId);
        await Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation))).WaitAsync(Patience, Cancellation);

        await CheckAsync(server.Administrator, jobId, versions: [0, 1]);
        Assert.All(devices, device => Assert.Contains(device.Events, happened => happened.Text == $"Statistics of version 0: {Rows(device, devices)} examples summed."));
        var rounds = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/rounds", Cancellation);
        Assert.Equal(["0 statistics", "1 train", "1 statistics", "2 train"], rounds!["items"]!.AsArray().Select(round => $"{round!["round"]} {round["kind"]}"));
        var page = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/statistics?limit=1", Cancellation);
        Assert.Equal("0", (string)page!["next"]!);
    }

    [Fact]
    public Task Kill_WhileStatisticsAreOpen_TakesThemAllTheSame() => KillableServer.WithAsync(async server =>
    {
        string jobId = await server.CreateJobAsync(Job);

        await server.RunAsync(CreateDevices(server.Grpc, server.EnrolmentToken, jobId), [(DeviceEventKind.Assigned, 0), (DeviceEventKind.Stored, 0)]);

        await CheckAsync(server.Administrator, jobId, versions: [0, 1]);
        await server.TerminateAsync();
    });

    [Fact]
    public async Task Create_WithStatisticsThatTheModelDoesNotHave_Is400()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = Features, outputs = Outputs },
            statistics = new { kinds = Unknown },
        }, Cancellation);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("colours", problem!["errors"]!["statistics.kinds"]!.ToJsonString(), StringComparison.Ordinal);
    }

    private static async Task CheckAsync(HttpClient administrator, string jobId, int[] versions)
    {
        var page = await administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/statistics", Cancellation);
        var items = page!["items"]!.AsArray();
        Assert.Equal(versions, items.Select(item => (int)item!["version"]!));
        var all = Enumerable.Range(0, Devices).Select(Data).ToList();
        foreach (var item in items)
        {
            Assert.Equal(Devices, (int)item!["devices"]!);
            Assert.Equal(all.Sum(data => data.Count), (double)item["examples"]!);
            Assert.Equal(
                Enumerable.Range(0, Outputs).Select(label => all.Sum(data => data.Labels.ToArray().Count(other => other == label))),
                item["labels"]!.AsArray().Select(count => (int)count!));
            for (var feature = 0; feature < Features; feature++)
            {
                double[] values = [.. all.SelectMany(data => Enumerable.Range(0, data.Count).Select(row => (double)data.Features.Span[(row * Features) + feature]))];
                var mean = values.Average();
                Assert.Equal(values.Length, (double)item["features"]!["counts"]![feature]!);
                Assert.Equal(mean, (double)item["features"]!["means"]![feature]!, 1e-12);
                Assert.Equal(values.Average(value => (value - mean) * (value - mean)), (double)item["features"]!["variances"]![feature]!, 1e-12);
            }

            Assert.Null(item["normalisation"]);
        }
    }

    private static async Task<string> CreateJobAsync(HttpClient administrator, object definition)
    {
        using var response = await administrator.PostAsJsonAsync("/api/v1/jobs", definition, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private static int Rows(SdkDevice device, SdkDevice[] devices)
    {
        return Data(Array.IndexOf(devices, device)).Count;
    }

    /// <summary>Devices differ in the number and in the range of their examples.</summary>
    private static ExampleSet Data(int device)
    {
        var count = 20 + (10 * device);
        var random = new CounterRandom((ulong)device, RandomPurpose.Test);
        float[] features = [.. Enumerable.Range(0, count * Features).Select(_ => random.NextSingle() + device)];
        return new ExampleSet(features, Features, Enumerable.Range(0, count).Select(row => row % (device + 1)).ToArray());
    }

    private SdkDevice[] CreateDevices(string address, string token, string jobId)
    {
        return [.. Enumerable.Range(0, Devices).Select(number =>
        {
            var data = Data(number);
            var objective = new SoftmaxObjective(Features, Outputs);
            objective.Select(data, Enumerable.Range(0, data.Count).ToArray());
            return new SdkDevice(address, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), new SgdSolver(objective));
        })];
    }
}
