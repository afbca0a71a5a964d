using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Federated.FunctionalTests.Client;

namespace Federated.FunctionalTests.Server;

public sealed class TreeApiTests : IDisposable
{
    private const int Parameters = (2 * 2) + 2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-devices-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Tree_OfARound_IsStreamedWhileItRunsAndReadLater()
    {
        await using var server = await RunningServer.StartAsync("--Planner:Period=00:00:00.200");
        var token = await server.CreateEnrolmentTokenAsync();
        using var training = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        using var created = await server.Administrator.PostAsJsonAsync(
            "/api/v1/jobs",
            new
            {
                linear = new { features = 2, outputs = 2 },
                rounds = 1,
                round = new { cohortSize = 1, deadlineSeconds = 600 },
                local = new { epochs = 0, steps = 1 },
            },
            Cancellation);
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync(Cancellation));
        var jobId = (string)(await created.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["jobId"]!;
        var solver = new StubSolver(Parameters, local =>
        {
            training.Release();
            goOn.Wait(Cancellation);
            local[0] += 1;
        });
        var device = new SdkDevice(server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, "device"), solver).RunAsync(Cancellation);
        Assert.True(await training.WaitAsync(TimeSpan.FromMinutes(2), Cancellation));

        var path = $"/api/v1/jobs/{jobId}/rounds/1/tree";
        var seen = new List<(string Event, JsonObject Tree)>();
        using (var response = await server.Administrator.GetAsync(
            $"{path}/live?intervalMilliseconds=100", HttpCompletionOption.ResponseHeadersRead, Cancellation))
        {
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
            await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
            await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancellation))
            {
                seen.Add((item.EventType, JsonNode.Parse(item.Data)!.AsObject()));
                goOn.Set();
            }
        }

        await device.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        Assert.Equal("tree", seen[0].Event);
        Assert.Equal("node-1", (string)seen[0].Tree["top"]!);
        Assert.Equal("node-1", (string)seen[0].Tree["nodes"]![0]!["nodeId"]!);
        Assert.Equal("over", seen[^1].Event);
        var tree = await server.Administrator.GetFromJsonAsync<JsonObject>(path, Cancellation);
        var revision = tree!["revisions"]![0]!;
        Assert.Equal(1, (int)revision["revision"]!);
        Assert.Equal(64, ((string)revision["hash"]!).Length);
        Assert.Equal("top", (string)revision["nodes"]![0]!["role"]!);
        Assert.Equal(1, (int)revision["nodes"]![0]!["leaves"]!);
    }

    [Fact]
    public async Task Tree_QueueEstimateFalls_GetsFewerLeavesInItsNextRevision()
    {
        await using var server = await RunningServer.StartAsync("--Planner:Period=00:00:00.100", "--Planner:UpdatesPerLeaf=1");
        var token = await server.CreateEnrolmentTokenAsync();
        using var goOn = new ManualResetEventSlim();
        using var created = await server.Administrator.PostAsJsonAsync(
            "/api/v1/jobs",
            new
            {
                linear = new { features = 2, outputs = 2 },
                rounds = 1,
                round = new { cohortSize = 2, deadlineSeconds = 600 },
                local = new { epochs = 0, steps = 1 },
            },
            Cancellation);
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync(Cancellation));
        var jobId = (string)(await created.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["jobId"]!;
        using var training = new CountdownEvent(2);
        var devices = Enumerable.Range(0, 2).Select(number => new SdkDevice(
            server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"),
            new StubSolver(Parameters, local =>
            {
                training.Signal();
                goOn.Wait(Cancellation);
                local[0] += 1;
            })).RunAsync(Cancellation)).ToArray();
        Assert.True(await Task.Run(() => training.Wait(TimeSpan.FromMinutes(2), Cancellation), Cancellation));

        using (var response = await server.Administrator.GetAsync(
            $"/api/v1/jobs/{jobId}/rounds/1/tree/live?intervalMilliseconds=100", HttpCompletionOption.ResponseHeadersRead, Cancellation))
        {
            await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
            await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancellation))
            {
                if ((int)JsonNode.Parse(item.Data)!["revision"]! == 2)
                {
                    break;
                }
            }
        }

        goOn.Set();
        await Task.WhenAll(devices).WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        var tree = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/rounds/1/tree", Cancellation);

        // What waits when both have sent may be planned for once more.
        Assert.Equal([2, 1], tree!["revisions"]!.AsArray().Take(2).Select(revision => (int)revision!["nodes"]![0]!["leaves"]!));
    }

    [Fact]
    public async Task Tree_OfNoRound_IsNotFound()
    {
        await using var server = await RunningServer.StartAsync();

        using var planned = await server.Administrator.GetAsync("/api/v1/jobs/none/rounds/1/tree", Cancellation);
        using var live = await server.Administrator.GetAsync("/api/v1/jobs/none/rounds/1/tree/live", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, planned.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, live.StatusCode);
    }

    [Fact]
    public async Task Metrics_OfTheServer_AreThereForPrometheus()
    {
        await using var server = await RunningServer.StartAsync();
        using var stranger = new HttpClient { BaseAddress = new Uri(server.Addresses.Rest) };

        var text = await stranger.GetStringAsync("/metrics", Cancellation);

        Assert.Contains("federated_node_slots", text, StringComparison.Ordinal);
        Assert.Contains("state=\"free\"", text, StringComparison.Ordinal);
        Assert.Contains("federated_process_cpu_time_seconds_total", text, StringComparison.Ordinal);
        Assert.Contains("federated_node_workers", text, StringComparison.Ordinal);
    }
}
