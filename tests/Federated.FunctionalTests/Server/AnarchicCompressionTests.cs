using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Training;
using Federated.FunctionalTests.Database;
using Federated.Server.Configuration;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>Asynchronous jobs whose devices compress: the versions are those of the decoded updates.</summary>
public sealed class AnarchicCompressionTests : IDisposable
{
    private const int Versions = 8;
    private const int Features = 127;
    private const int Outputs = 4;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const double Rate = 0.05;

    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-anarchic-compression-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("fedbuff")]
    [InlineData("afa-cs")]
    public async Task Job_WithQuantisedUpdates_GivesTheModelsOfTheDecodedOnes(string algorithm)
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        using var response = await server.Administrator.PostAsJsonAsync(
            "/api/v1/jobs", AnarchicJobs.Of(algorithm, Versions, Rate, Features, Outputs, compression: "q8"), Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        var jobId = (string)body!["jobId"]!;
        SdkDevice[] devices =
        [
            .. Bowls.Select((bowl, number) => new SdkDevice(
                server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C)))),
        ];

        await Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation))).WaitAsync(TimeSpan.FromMinutes(3), Cancellation);

        await server.StopAsync();
        var database = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(server.DataFolder, "federated.db")}" };
        var bowls = devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);

        // Every element of an update is the same, so that quantisation by the largest loses nothing.
        await AnarchicReplay.CheckAsync(database, Path.Combine(server.DataFolder, "models"), (device, value, steps) =>
            (1 - Math.Pow(1 - (Rate * bowls[device].H), steps)) * (bowls[device].C - value));
        await using var context = (await TestDatabase.OpenAsync(database, Cancellation)).CreateDbContext();
        var rounds = await context.Rounds.Where(row => row.Counted > 0).ToListAsync(Cancellation);
        Assert.All(rounds, round => Assert.InRange((double)round.BytesUp!.Value / round.Counted!.Value, 1, 0.35 * sizeof(float) * Parameters));
    }
}
