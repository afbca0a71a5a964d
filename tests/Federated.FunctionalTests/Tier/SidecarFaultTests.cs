using System.Text.Json.Nodes;

namespace Federated.FunctionalTests.Tier;

/// <summary>The sidecar is a process of its own; it is killed, kills itself, and is started again without what it held.</summary>
public sealed class SidecarFaultTests
{
    private const int Disturbed = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];

    [Fact]
    public Task KillOfTheSidecar_InTheMiddleOfAJob_IsOvercome() => RunAsync([], async world =>
    {
        await world.SidecarProcess!.KillAsync();
    });

    [Fact]
    public Task Sidecar_ThatCrashesAgainAndAgainAndLosesEvents_IsOvercome() =>
        RunAsync(["--crash-after", "120", "--drop", "0.1", "--duplicate", "0.2", "--seed", "3"], _ => Task.CompletedTask);

    [Fact]
    public Task KillOfTheSidecarAndTheServer_WithTheRegistryLost_FindsTheNodesAgain() => RunAsync([], async world =>
    {
        await world.KillServerAsync();
        await world.SidecarProcess!.KillAsync();
        await world.StartServerAsync();
    });

    private static Task RunAsync(string[] arguments, Func<TierWorld, Task> disturb) =>
        TierWorld.WithAsync(new TierSetup { SidecarProcess = arguments, NodeLossAfter = TierSetup.SoonLost }, async world =>
        {
            Task running = await world.RunAsync(new TierJob(3, Shifts) { HoldInRound = Disturbed });
            JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
            await disturb(world);
            world.Release();
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal([6, 6, 6], await world.CheckAsync());
            Assert.InRange(world.SidecarStarts, 2, int.MaxValue);
        });
}
