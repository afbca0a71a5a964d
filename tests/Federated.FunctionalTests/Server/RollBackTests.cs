using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.FunctionalTests.Client;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Federated.FunctionalTests.Server;

/// <summary>A job is rolled back over REST while its devices work.</summary>
public sealed class RollBackTests : IDisposable
{
    private const int Parameters = 8;
    private const int Rounds = 6;
    private const int Devices = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-roll-back-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task RollBack_WhileDevicesWork_TheyGoOnFromTheOlderVersionInANewStateEpoch()
    {
        await using var server = await RunningServer.StartAsync();
        var jobId = await CreateJobAsync(server);
        var token = await server.CreateEnrolmentTokenAsync();
        using var rolledBackAlready = new ManualResetEventSlim();
        SdkDevice[] devices = [.. Enumerable.Range(0, Devices).Select(number => new SdkDevice(
            server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"),
            new StubSolver(Parameters, local => Train(local, rolledBackAlready))))];
        var third = Assert.Single(new MomentWatch(devices, [(DeviceEventKind.Counted, 3)]).All);
        var running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));
        await third.Reached.WaitAsync(Patience, Cancellation);

        using var response = await server.Administrator.PostAsync($"/api/v1/jobs/{jobId}/versions/1/roll-back", null, Cancellation);
        var rolledBack = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, rolledBack?.ToJsonString());
        rolledBackAlready.Set();
        await running.WaitAsync(Patience, Cancellation);

        var job = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation);
        Assert.Equal(("completed", Rounds), ((string)job!["status"]!, (int)job["trainingRounds"]!));
        await using var context = server.Services.GetRequiredService<IDbContextFactory<ServerContext>>().CreateDbContext();
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(Cancellation);
        var rounds = await context.Rounds.Where(row => row.Kind == TaskKind.Train).ToListAsync(Cancellation);
        var back = versions.Single(row => row.Version == (int)rolledBack!["version"]!);
        Assert.Equal((1, versions[1].BlobId), (back.Parent, back.BlobId));
        CheckLineage(versions, back);
        Assert.All(rounds.Where(round => round.Round < back.Version), round => Assert.Equal(0, round.StateEpoch));
        Assert.All(rounds.Where(round => round.Round > back.Version), round => Assert.True(round.StateEpoch >= 1));

        // Each round adds 1: the last model has the rounds that count behind it, and none of those that were rolled back.
        var file = await server.Administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/{versions[^1].Version}/model", Cancellation);
        Assert.All(ModelFile.Read(file).Parameters, parameter => Assert.Equal(Rounds, parameter));
        var audit = await server.Administrator.GetFromJsonAsync<JsonObject>("/api/v1/audit", Cancellation);
        Assert.Contains(audit!["items"]!.AsArray(), entry => (string)entry!["act"]! == "job.roll-back");
    }

    /// <summary>Adds 1. From the third version on it first waits for the roll-back, so that the fourth round is open then.</summary>
    private static void Train(float[] local, ManualResetEventSlim rolledBackAlready)
    {
        Assert.True(local[0] < 3 || rolledBackAlready.Wait(Patience, Cancellation), "The job was not rolled back.");
        for (var i = 0; i < local.Length; i++)
        {
            local[i]++;
        }
    }

    private static void CheckLineage(List<ModelVersionRow> versions, ModelVersionRow back)
    {
        var after = versions.Where(row => row.Version >= back.Version).ToList();
        Assert.Equal(Rounds, after.Count);
        Assert.Equal(Enumerable.Range(1, Rounds), after.Select(row => row.TrainingRounds));
        for (var i = 1; i < after.Count; i++)
        {
            Assert.Equal(after[i - 1].Version, after[i].Parent);
        }
    }

    private static async Task<string> CreateJobAsync(RunningServer server)
    {
        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = Parameters - 1, outputs = 1 },
            rounds = Rounds,
            round = new { cohortSize = Devices, deadlineSeconds = 600, selectionSeconds = 600, maxAbandoned = 100 },
            local = new { epochs = 0, steps = 1 },
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }
}
