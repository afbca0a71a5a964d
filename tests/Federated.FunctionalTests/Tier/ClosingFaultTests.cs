using System.Text.Json.Nodes;
using Federated.Client.Sessions;

namespace Federated.FunctionalTests.Tier;

/// <summary>
/// A node is killed while a round closes: all updates are stored, and the nodes cannot hand over because the way to the top is cut. What it held
/// is discarded with the reason where the rest is enough, and asked for again where it is not.
/// </summary>
public sealed class ClosingFaultTests
{
    private const int Disturbed = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];

    [Fact]
    public Task KillOfANode_WhileTheRoundCloses_ClosesWithTheRestWhenItIsEnough() => RunAsync(minimum: 3, async world =>
    {
        Assert.Equal([6, 4, 6], await world.CheckAsync());
        DeviceEvent[] discarded = [.. world.Devices.SelectMany(device => device.Events).Where(what => what.Kind == DeviceEventKind.Discarded)];
        Assert.Equal(2, discarded.Length);
        Assert.All(discarded, what => Assert.Contains("its node was lost while the round closed", what.Text));
    });

    [Fact]
    public Task KillOfANode_WhileTheRoundCloses_AsksItsDevicesAgainWhenTheRestIsNotEnough() => RunAsync(minimum: Shifts.Length, async world =>
    {
        Assert.Equal([6, 6, 6], await world.CheckAsync());
        Assert.Equal(2, world.Devices.Count(device => device.Events.Any(what => what.Kind == DeviceEventKind.Resending)));
    });

    private static Task RunAsync(int minimum, Func<TierWorld, Task> check) => TierWorld.WithAsync(new TierSetup { AsProcesses = true, NodeLossAfter = TierSetup.SoonLost }, async world =>
    {
        Task running = await world.RunAsync(new TierJob(3, Shifts) { HoldInRound = Disturbed, Minimum = minimum });
        JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
        TierNode top = world.Nodes.First(node => (string?)tree["top"] == node.Id);
        Task refused = top.Cable.Cut();
        world.Release();
        await refused.WaitAsync(Patience, TierWorld.Cancellation);
        await world.Nodes.First(node => node != top).Process!.KillAsync();
        await world.UntilReplannedAsync(Disturbed, tree).WaitAsync(Patience, TierWorld.Cancellation);
        top.Cable.Heal();
        await running.WaitAsync(Patience, TierWorld.Cancellation);
        await check(world);
    });
}
