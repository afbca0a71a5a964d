using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.FunctionalTests.Client;
using Federated.Protocol;
using Federated.Server.Configuration;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// Asynchronous jobs with devices that come and go, one that lies about its steps, one that returns after a very long time, and one that sends twice.
/// </summary>
public sealed class AnarchicLiveTests : IDisposable
{
    private const int Versions = 24;
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const double Rate = 0.05;

    private static readonly DeviceConditions OnPower = new() { IsCharging = true };
    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-anarchic-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public async Task Job_WithUnrulyDevices_GivesTheModelsOfWhatCounts(string algorithm)
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server, algorithm);

        // One that sends twice, and again when its update counts.
        using var repeater = await RepeatingDevice.EnrolAsync(server, token);
        var repeated = repeater.RunAsync(jobId, Parameters, 0.125f, Cancellation);

        // Devices with policies; one comes and goes with its charger.
        var charger = new TestConditions(OnPower);
        SdkDevice[] honest =
        [
            Device(server, token, jobId, 0, new SgdSolver(new Bowl(Parameters, Bowls[0].H, Bowls[0].C)), new StepLimitPolicy(2)),
            Device(server, token, jobId, 1, new SgdSolver(new Bowl(Parameters, Bowls[1].H, Bowls[1].C)), new ChargingPolicy(), charger),
            Device(server, token, jobId, 2, new SgdSolver(new Bowl(Parameters, Bowls[2].H, Bowls[2].C))),
        ];
        honest[1].Happened += happened =>
        {
            if (happened.Kind == DeviceEventKind.Stored)
            {
                charger.Become(new DeviceConditions { IsCharging = false });
            }
        };

        // One that comes back when more versions have been made than an update may be behind.
        using var longAfter = new ManualResetEventSlim();
        var late = Device(server, token, jobId, 4, new StubSolver(Parameters, _ => longAfter.Wait(Cancellation)));
        var latecomer = new TaskCompletionSource();
        late.Happened += happened =>
        {
            if (happened.Kind == DeviceEventKind.Working)
            {
                latecomer.TrySetResult();
            }
        };
        var lateRun = late.RunAsync(Cancellation);
        await latecomer.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        // One that claims more steps than it took: more than the ticket allows at first, and then as many as it allows.
        var claim = 1000;
        var liar = Device(server, token, jobId, 3, new ClaimingSolver(Parameters, 0.25f, () => claim));
        var refused = new TaskCompletionSource();
        liar.Happened += happened =>
        {
            if (happened.Text.Contains("local steps are above", StringComparison.Ordinal))
            {
                refused.TrySetResult();
            }
        };
        var lies = liar.RunAsync(Cancellation);
        await refused.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        honest[0].Happened += happened =>
        {
            if (happened.Kind == DeviceEventKind.Counted)
            {
                charger.Become(OnPower);
                claim = AnarchicJobs.MaxSteps;
                if (happened.ModelVersion > AnarchicJobs.MaxStaleness + 6)
                {
                    longAfter.Set();
                }
            }
        };

        // The others end with the job, whether the charger is in or not.
        var others = Task.WhenAll(honest.Where(device => device != honest[1]).Select(device => device.RunAsync(Cancellation)).Append(lies));
        var comesAndGoes = honest[1].RunAsync(Cancellation);
        await Task.WhenAll(others, repeated).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        longAfter.Set();
        charger.Become(OnPower);
        await Task.WhenAll(comesAndGoes, lateRun).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        var errors = server.Logs.Entries.Where(entry => entry.Level >= LogLevel.Error).Select(entry => entry.Message).ToList();
        Assert.True(errors.Count == 0, string.Join('\n', errors));
        Assert.Contains(late.Events, happened => happened.Kind == DeviceEventKind.Discarded);
        Assert.Equal([ErrorKinds.StaleRound], repeater.LastRefusals);
        var arrivals = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/arrivals", Cancellation);
        Assert.Equal((Versions, 0), ((int)arrivals!["versions"]!, (int)arrivals["outstanding"]!));
        Assert.Equal((int)arrivals["counted"]!, arrivals["staleness"]!.AsArray().Sum(count => (int)count!["updates"]!));
        Assert.InRange(arrivals["staleness"]!.AsArray().Max(count => (int)count!["behind"]!), 0, AnarchicJobs.MaxStaleness);
        Assert.Contains(arrivals["discarded"]!.AsArray(), count => ((string)count!["reason"]!).StartsWith("More than", StringComparison.Ordinal));
        await server.StopAsync();
        var database = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(server.DataFolder, "federated.db")}" };
        var bowls = honest.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
        await AnarchicReplay.CheckAsync(database, Path.Combine(server.DataFolder, "models"), (device, value, steps) =>
            device == repeater.DeviceId ? 0.125
            : device == liar.DeviceId ? 0.25
            : device == late.DeviceId ? 0
            : (1 - Math.Pow(1 - (Rate * bowls[device].H), steps)) * (bowls[device].C - value));
    }

    private static async Task<string> CreateJobAsync(RunningServer server, string algorithm)
    {
        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", AnarchicJobs.Of(algorithm, Versions, Rate, Features, Outputs), Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private SdkDevice Device(
        RunningServer server,
        string token,
        string jobId,
        int number,
        ILocalSolver solver,
        IParticipationPolicy? participation = null,
        IDeviceConditions? conditions = null)
    {
        return new SdkDevice(
            server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), solver, participation: participation, conditions: conditions);
    }
}
