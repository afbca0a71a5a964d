using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Server.Configuration;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// FedAMD with devices on the SDK against a server that is killed three times: roles in the task assignments, the mean of the bullseyes and, where the server holds them, the bullseyes
/// themselves in the model store. The models are those that follow from the roles and updates in the database, and the mean went to miners only.
/// </summary>
public sealed class FedAmdLiveTests : IDisposable
{
    private const string Key = "fedamd-test-administrator-key";
    private const int Rounds = 10;
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const int Steps = 3;
    private const double Rate = 0.1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1), (0.5, 2)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-fedamd-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Job_WithRestarts_GivesTheModelsOfItsRolesAndUpdates(int serverHeld)
    {
        var database = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "server", "federated.db")}" };
        string[] settings =
        [
            $"--Data:Directory={Path.Combine(_folder.FullName, "server")}",
            $"--Database:ConnectionString={database.ConnectionString}",
            $"--Admin:Key={Key}",
            "--Aggregator:SlotBytes=65536",
            "--Aggregator:SlotCount=8",
            "--Coordination:RestartDelay=00:00:00.1",
        ];
        var server = await ServerProcess.StartAsync(
            [.. settings, "--Endpoints:Rest=http://127.0.0.1:0", "--Endpoints:Grpc=http://127.0.0.1:0"], Cancellation);
        try
        {
            string[] again = [.. settings, $"--Endpoints:Rest={server.Rest}", $"--Endpoints:Grpc={server.Grpc}"];
            var jobId = await CreateJobAsync(server.Rest, serverHeld);
            var devices = Bowls
                .Select((bowl, number) => new SdkDevice(
                    server.Grpc, server.EnrolmentToken, jobId, Path.Combine(_folder.FullName, $"device-{number}"),
                    new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C))))
                .ToArray();
            var moments = new MomentWatch(devices, [(DeviceEventKind.Counted, 1), (DeviceEventKind.Stored, 4), (DeviceEventKind.Counted, 7)]);
            var running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));
            foreach (var moment in moments.All)
            {
                var first = await Task.WhenAny(moment.Reached, running).WaitAsync(Patience, Cancellation);
                Assert.True(first == moment.Reached, $"The job ended before {moment}.");
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(again, Cancellation);
            }

            await running.WaitAsync(Patience, Cancellation);
            Assert.Equal(0, await server.TerminateAsync(Cancellation));
            await CheckAsync(database, devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n--- the server said last:\n{server.Output}", exception);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<string> CreateJobAsync(string address, int serverHeld)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add("X-Api-Key", Key);
        using var response = await client.PostAsJsonAsync("/api/v1/jobs", new
        {
            name = "fedamd",
            linear = new { features = Features, outputs = Outputs },
            rounds = Rounds,
            algorithm = new { name = "fedamd", parameters = new { probability = 0.5, serverHeld } },
            local = new { epochs = 0, steps = Steps, learningRate = Rate },
            round = new { cohortSize = Bowls.Length - 1, population = Bowls.Length, deadlineSeconds = 60, selectionSeconds = 5 },
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private async Task CheckAsync(DatabaseOptions database, Dictionary<string, (double H, double C)> bowls)
    {
        await using var context = (await TestDatabase.OpenAsync(database, Cancellation)).CreateDbContext();
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(Cancellation);
        var assignments = await context.Assignments.ToListAsync(Cancellation);
        var counted = assignments.Where(row => row.Disposition == AssignmentDisposition.Counted).ToList();
        using var blobs = FileBlobStore.Open(Path.Combine(_folder.FullName, "server", "models"));

        Assert.Equal(Rounds + 1, versions.Count);
        Assert.All(counted.Where(row => row.ModelVersion == versions[1].Version), row => Assert.Equal("anchor", row.Role));
        Assert.All(versions.Skip(2), version => Assert.InRange(counted.Count(row => row.ModelVersion == version.Version), 1, Bowls.Length - 1));
        Assert.Contains(counted, row => row.Role == "miner");

        // What a round sent down: the model to everybody, and the mean of the bullseyes to its miners.
        var rounds = await context.Rounds.Where(row => row.Kind == TaskKind.Train && row.State == RoundState.Closed).ToListAsync(Cancellation);
        Assert.All(rounds, round =>
        {
            var tasks = assignments.Where(row => row.Round == round.Round && row.Kind == round.Kind).ToList();
            var means = tasks.Count(row => row.Role == "miner") * Parameters * sizeof(float);
            Assert.Equal((tasks.Count * versions.Single(version => version.Version == round.BaseVersion).ByteLength) + means, round.BytesDown);
        });

        var x = 0.0;
        var bullseyes = new Dictionary<string, double>();
        foreach (var version in versions.Skip(1))
        {
            AssignmentRow[] updates = [.. counted.Where(row => row.ModelVersion == version.Version)];
            var mean = bullseyes.Count == 0 ? 0 : bullseyes.Values.Average();
            foreach (var anchor in updates.Where(row => row.Role == "anchor"))
            {
                bullseyes[anchor.DeviceId] = bowls[anchor.DeviceId].H * (x - bowls[anchor.DeviceId].C);
            }

            var miners = updates.Where(row => row.Role == "miner").Select(row => bowls[row.DeviceId].H).ToList();
            x -= miners.Count == 0 ? 0 : miners.Average(h => (1 - Math.Pow(1 - (Rate * h), Steps)) / h * mean);
            var model = ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), Cancellation));
            Assert.All(model.Parameters, parameter => Assert.Equal(x, parameter, 1e-5));
        }
    }
}
