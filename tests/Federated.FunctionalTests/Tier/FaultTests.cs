using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.DaprSidecar.Faults;
using Federated.FunctionalTests.Server;

namespace Federated.FunctionalTests.Tier;

/// <summary>
/// What is killed, stopped or cut off while a job runs on three nodes. Every device takes part in every round, so each model must be what it
/// is without the fault: its parent plus the mean of all shifts; what the database says is checked against the numbers as well.
/// </summary>
public sealed class FaultTests
{
    private const int Rounds = 3;
    private const int Disturbed = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];
    private static readonly int[] Undisturbed = [6, 6, 6];
    private static readonly TierSetup Losing = new() { AsProcesses = true, NodeLossAfter = TierSetup.SoonLost };

    [Fact]
    public Task KillOfANode_WithStoredUpdates_AsksItsDevicesAgain() => RunAsync(Losing, async (world, tree, _) =>
    {
        await NodeOf(world, tree, isTop: false).Process!.KillAsync();
        await world.UntilReplannedAsync(Disturbed, tree).WaitAsync(Patience, TierWorld.Cancellation);
    });

    [Fact]
    public Task KillOfTheTop_WithTheRoundOpen_ClosesThroughAnother() => RunAsync(Losing, async (world, tree, _) =>
    {
        await NodeOf(world, tree, isTop: true).Process!.KillAsync();
        await world.UntilReplannedAsync(Disturbed, tree).WaitAsync(Patience, TierWorld.Cancellation);
    });

    [Fact]
    public Task NodeThatHangs_IsTakenForLost_AndIsIgnoredWhenItGoesOn() => RunAsync(Losing, async (world, tree, running) =>
    {
        HostProcess hanging = NodeOf(world, tree, isTop: false).Process!;
        await hanging.SignalAsync("STOP");
        await world.UntilReplannedAsync(Disturbed, tree).WaitAsync(Patience, TierWorld.Cancellation);
        world.Release();
        await world.UntilAsync(DeviceEventKind.Counted, Disturbed, running);
        await hanging.SignalAsync("CONT");
    });

    [Fact]
    public async Task KillOfANode_WithTheSpool_RecoversItsUpdatesWithoutTheDevices()
    {
        IReadOnlyList<SdkDevice> devices = await RunAsync(new TierSetup { AsProcesses = true }, durability: "spool", disturb: async (world, tree, _) =>
        {
            TierNode node = NodeOf(world, tree, isTop: false);
            await node.Process!.KillAsync();
            await node.StopAsync();
            await node.StartAsync(asProcess: true, TierWorld.Cancellation);
        });

        Assert.All(devices, device => Assert.DoesNotContain(device.Events, what => what.Kind == DeviceEventKind.Resending));
    }

    [Fact]
    public Task KillOfTheServer_WithTheRoundOpen_GoesOnWithTheSameNodes() => RunAsync(new TierSetup(), async (world, _, _) =>
    {
        await world.KillServerAsync();
        await world.StartServerAsync();
    });

    [Fact]
    public Task LossOfTheSidecar_WithEverythingItHeld_OnlyDelays() => RunAsync(new TierSetup(), async (world, _, _) =>
    {
        await world.StopSidecarAsync();
        await world.StartSidecarAsync(FaultSettings.None);
    });

    [Fact]
    public Task NetworkCut_BetweenTheNodesAndTheTop_IsBridgedByRepeatedTransfers() => RunAsync(new TierSetup(), async (world, tree, _) =>
    {
        TierNode top = NodeOf(world, tree, isTop: true);
        Task refused = top.Cable.Cut();
        world.Release();
        await refused.WaitAsync(Patience, TierWorld.Cancellation);
        top.Cable.Heal();
    });

    [Fact]
    public async Task NetworkCut_ThatNeverHeals_ClosesWithoutTheNodeBehindIt()
    {
        // Long enough for every node that reaches the top to hand over, on a machine with much to do too.
        var setup = new TierSetup { CloseTimeout = TimeSpan.FromSeconds(15) };
        await TierWorld.WithAsync(setup, async world =>
        {
            Task running = await world.RunAsync(new TierJob(2, Shifts) { HoldInRound = Disturbed });
            JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
            _ = NodeOf(world, tree, isTop: true).Cable.Cut();
            world.Release();
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal([6, 4], await world.CheckAsync());
        });
    }

    private static TierNode NodeOf(TierWorld world, JsonObject tree, bool isTop) =>
        world.Nodes.First(node => ((string?)tree["top"] == node.Id) == isTop);

    /// <summary>Runs the job, and disturbs it when all updates of the second round are stored but one.</summary>
    private static async Task<IReadOnlyList<SdkDevice>> RunAsync(TierSetup setup, Func<TierWorld, JsonObject, Task, Task> disturb, string durability = "journal")
    {
        IReadOnlyList<SdkDevice> devices = [];
        await TierWorld.WithAsync(setup, async world =>
        {
            Task running = await world.RunAsync(new TierJob(Rounds, Shifts) { Durability = durability, HoldInRound = Disturbed });
            JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
            await disturb(world, tree, running);
            world.Release();
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal(3, tree["nodes"]!.AsArray().Count);
            Assert.Equal(Undisturbed, await world.CheckAsync());
            devices = world.Devices;
        });
        return devices;
    }
}
