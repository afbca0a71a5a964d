using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.DaprSidecar.Faults;
using Federated.FunctionalTests.Server;

namespace Federated.FunctionalTests.Tier;

/// <summary>Asynchronous jobs over three nodes: the models are those that the algorithm alone makes of the updates that count.</summary>
public sealed class AnarchicTierTests
{
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const double Rate = 0.05;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1), (0.5, 2)];

    [Theory]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public Task Job_OnThreeNodes_GivesTheModelsOfItsArrivals(string algorithm) => TierWorld.WithAsync(
        new TierSetup { Faults = new FaultSettings { Duplicate = 0.3 } },
        async world =>
        {
            Task running = await RunAsync(world, algorithm);

            await running.WaitAsync(Patience, TierWorld.Cancellation);

            await CheckAsync(world);
        });

    [Fact]
    public Task KillOfANodeAndOfTheServer_InTheMiddle_GivesTheModelsOfItsArrivals() => TierWorld.WithAsync(new TierSetup { AsProcesses = true, NodeLossAfter = TierSetup.SoonLost }, async world =>
    {
        Task running = await RunAsync(world, "fedbuff");
        await world.UntilAsync(DeviceEventKind.Counted, 3, running).WaitAsync(Patience, TierWorld.Cancellation);
        await world.Nodes[1].Process!.KillAsync();
        await world.UntilAsync(DeviceEventKind.Counted, 6, running).WaitAsync(Patience, TierWorld.Cancellation);
        await world.KillServerAsync();
        await world.StartServerAsync();

        await running.WaitAsync(Patience, TierWorld.Cancellation);

        await CheckAsync(world);
    });

    private static async Task<Task> RunAsync(TierWorld world, string algorithm)
    {
        string token = await world.CreateJobAsync(AnarchicJobs.Of(algorithm, versions: 12, Rate, Features, Outputs));
        for (int i = 0; i < Bowls.Length; i++)
        {
            world.AddDevice(token, new SgdSolver(new Bowl(Parameters, Bowls[i].H, Bowls[i].C)), new StepLimitPolicy(i + 1));
        }

        return world.RunDevicesAsync();
    }

    private static Task CheckAsync(TierWorld world)
    {
        Dictionary<string, (double H, double C)> bowls = world.Devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
        return AnarchicReplay.CheckAsync(world.Database, world.ModelFolder, (device, value, steps) =>
            (1 - Math.Pow(1 - (Rate * bowls[device].H), steps)) * (bowls[device].C - value));
    }
}
