using Federated.DaprSidecar.Faults;

namespace Federated.FunctionalTests.Tier;

/// <summary>Jobs over a distributed tier without accidents, and over a sidecar that duplicates, delays, reorders and loses events.</summary>
public sealed class DistributedTierTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];

    [Fact]
    public Task Job_OnThreeNodes_CountsEveryUpdate() => RunAsync(FaultSettings.None);

    [Fact]
    public Task Job_WithEventsDuplicatedDelayedAndReordered_CountsEveryUpdate() =>
        RunAsync(new FaultSettings { Duplicate = 0.5, Reorder = 0.3, Delay = TimeSpan.FromMilliseconds(30), Seed = 7 });

    [Fact]
    public Task Job_WithEveryFourthEventDropped_CountsEveryUpdate() => RunAsync(new FaultSettings { Drop = 0.25, Seed = 11 });

    // A leaf for each device that is expected, until the nodes tell that nothing waits there; devices report to the later tree as to the first. A node says nothing of
    // its queue before it has a round.
    [Fact]
    public Task Tree_QueuesAreShorterThanPlanned_IsPlannedAgainWhileTheRoundIsOpen()
    {
        var setup = new TierSetup
        {
            ServerSettings = ["--Planner:UpdatesPerLeaf=1", "--Planner:Period=00:00:00.5"],
            NodeSettings = ["--Tier:IdleAliveInterval=01:00:00"],
            NodeLossAfter = TierSetup.SoonLost,
        };
        return TierWorld.WithAsync(setup, async world =>
        {
            Task running = await world.RunAsync(new TierJob(2, Shifts) { HoldInRound = 1 });
            int[] leaves = await world.UntilLeavesAsync(round: 1, leaves: 1).WaitAsync(Patience, TierWorld.Cancellation);
            world.Release();
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal(2, leaves[0]);
            Assert.Equal([6, 6], await world.CheckAsync());
        });
    }

    [Fact]
    public async Task Job_Ended_LeavesNothingAtTheNodes()
    {
        await TierWorld.WithAsync(new TierSetup(), async world =>
        {
            Task running = await world.RunAsync(new TierJob(2, Shifts) { Durability = "spool", Timing = "lazy" });
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            await Task.WhenAll(world.Nodes.Select(TierWorld.UntilEmptyAsync)).WaitAsync(Patience, TierWorld.Cancellation);
            Assert.All(world.Nodes, node => Assert.Empty(Directory.GetFiles(Path.Combine(node.Folder, "spool"), "*", SearchOption.AllDirectories)));
        });
    }

    private static Task RunAsync(FaultSettings faults) => TierWorld.WithAsync(new TierSetup { Faults = faults }, async world =>
    {
        Task running = await world.RunAsync(new TierJob(3, Shifts));
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal([6, 6, 6], await world.CheckAsync());

        // Whatever happened to the last event of the job, the nodes free what they hold.
        await Task.WhenAll(world.Nodes.Select(TierWorld.UntilEmptyAsync)).WaitAsync(Patience, TierWorld.Cancellation);
    });
}
