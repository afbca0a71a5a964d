using Federated.Client.Sessions;
using Federated.FunctionalTests.Server;

namespace Federated.FunctionalTests.Tier;

/// <summary>More uploads than slots: the one slot of each node is held by an upload that has stalled, and everybody else is sent away for a while.</summary>
public sealed class FullPoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32, 64, 128];

    [Fact]
    public async Task Upload_NoSlotIsFreeAtAnyNode_ComesBackAndCounts()
    {
        // Updates of 66 kB, which stall half way.
        await TierWorld.WithAsync(new TierSetup { Nodes = 2, Slots = 1, UploadStallsAfter = 32 * 1024 }, async world =>
        {
            Task running = await world.RunAsync(new TierJob(2, Shifts) { Features = 128, Outputs = 128 });
            await Task.WhenAll(world.Nodes.Select(node => node.Uploads.Stalled)).WaitAsync(Patience, TierWorld.Cancellation);
            await world.UntilAllAsync(Shifts.Length - 2, WasSentAway, running).WaitAsync(Patience, TierWorld.Cancellation);
            foreach (TierNode node in world.Nodes)
            {
                node.Uploads.GoOn();
            }

            await running.WaitAsync(Patience, TierWorld.Cancellation);

            Assert.Equal([8, 8], await world.CheckAsync());
            await Task.WhenAll(world.Nodes.Select(TierWorld.UntilEmptyAsync)).WaitAsync(Patience, TierWorld.Cancellation);
        });
    }

    private static bool WasSentAway(SdkDevice device) => device.Events.Any(what =>
        what.Kind == DeviceEventKind.Retrying && what.Delay > TimeSpan.Zero && what.Text.Contains("ResourceExhausted", StringComparison.Ordinal));
}
