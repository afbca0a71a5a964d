using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Server.Configuration;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Server;

/// <summary>Asynchronous jobs with devices on the SDK against a server that is killed (SIGKILL) three times.</summary>
public sealed class AnarchicKillTests : IDisposable
{
    private const string Key = "anarchic-test-administrator-key";
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const double Rate = 0.05;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1), (0.5, 2)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-anarchic-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public async Task Job_WithRestarts_GivesTheModelsOfItsArrivals(string algorithm)
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
            var jobId = await CreateJobAsync(server.Rest, algorithm);
            var devices = Bowls
                .Select((bowl, number) => new SdkDevice(
                    server.Grpc, server.EnrolmentToken, jobId, Path.Combine(_folder.FullName, $"device-{number}"),
                    new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C)), participation: new StepLimitPolicy(number + 1)))
                .ToArray();
            var moments = new MomentWatch(devices, [(DeviceEventKind.Assigned, 2), (DeviceEventKind.Stored, 5), (DeviceEventKind.Counted, 8)]);
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
            var bowls = devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
            await AnarchicReplay.CheckAsync(database, Path.Combine(_folder.FullName, "server", "models"), (device, value, steps) =>
                (1 - Math.Pow(1 - (Rate * bowls[device].H), steps)) * (bowls[device].C - value));
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

    private static async Task<string> CreateJobAsync(string address, string algorithm)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add("X-Api-Key", Key);
        using var response = await client.PostAsJsonAsync("/api/v1/jobs", AnarchicJobs.Of(algorithm, versions: 12, Rate, Features, Outputs), Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }
}
