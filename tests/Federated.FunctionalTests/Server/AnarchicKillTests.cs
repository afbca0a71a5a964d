using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;

namespace Federated.FunctionalTests.Server;

/// <summary>Asynchronous jobs with devices on the SDK against a server that is killed (SIGKILL) three times.</summary>
public sealed class AnarchicKillTests
{
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const double Rate = 0.05;

    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1), (0.5, 2)];

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public Task Job_WithRestarts_GivesTheModelsOfItsArrivals(string algorithm) => KillableServer.WithAsync(async server =>
    {
        string jobId = await server.CreateJobAsync(AnarchicJobs.Of(algorithm, versions: 12, Rate, Features, Outputs));
        SdkDevice[] devices = [.. Bowls.Select((bowl, number) => new SdkDevice(
            server.Grpc, server.EnrolmentToken, jobId, server.Folder($"device-{number}"),
            new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C)), participation: new StepLimitPolicy(number + 1)))];

        await server.RunAsync(devices, [(DeviceEventKind.Assigned, 2), (DeviceEventKind.Stored, 5), (DeviceEventKind.Counted, 8)]);
        await server.TerminateAsync();

        var bowls = devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
        await AnarchicReplay.CheckAsync(server.Database, server.ModelFolder, (device, value, steps) =>
            (1 - Math.Pow(1 - (Rate * bowls[device].H), steps)) * (bowls[device].C - value));
    });
}
