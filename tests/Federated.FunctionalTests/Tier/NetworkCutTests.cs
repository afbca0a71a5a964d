using System.Text.Json.Nodes;

namespace Federated.FunctionalTests.Tier;

/// <summary>
/// Each node in a network namespace of its own; the cable between two of them is cut while both reach everybody else.
/// <see cref="FaultTests"/> has the same by proxies, where namespaces cannot be made.
/// </summary>
public sealed class NetworkCutTests
{
    private const int Disturbed = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8];

    [Fact]
    public Task Cable_CutWhileTheRoundClosesAndMended_IsBridgedByRepeatedTransfers() => RunAsync(minimum: 1, TimeSpan.FromMinutes(5), async (networks, top, child) =>
    {
        await child.Process!.UntilSaidAsync("and is repeated", TierWorld.Cancellation).WaitAsync(Patience, TierWorld.Cancellation);
        await networks.HealAsync(child.Index, top.Index);
    });

    [Fact]
    public Task Cable_CutForGood_SendsTheUpdatesToTheOtherNode() =>
        RunAsync(minimum: Shifts.Length, TimeSpan.FromSeconds(15), (_, _, _) => Task.CompletedTask);

    private static async Task RunAsync(int minimum, TimeSpan closeTimeout, Func<NodeNetworks, TierNode, TierNode, Task> whenCut)
    {
        await using NodeNetworks networks = await NodeNetworks.CreateAsync(2);
        var setup = new TierSetup { Nodes = 2, AsProcesses = true, Networks = networks, CloseTimeout = closeTimeout };
        await TierWorld.WithAsync(setup, async world =>
        {
            Task running = await world.RunAsync(new TierJob(Disturbed, Shifts) { HoldInRound = Disturbed, Minimum = minimum });
            JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
            TierNode top = world.Nodes.Single(node => (string?)tree["top"] == node.Id);
            TierNode child = world.Nodes.Single(node => node != top);
            await networks.CutAsync(child.Index, top.Index);
            world.Release();
            await whenCut(networks, top, child);
            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal(2, tree["nodes"]!.AsArray().Count);
            Assert.Equal([4, 4], await world.CheckAsync());
        });
    }
}
