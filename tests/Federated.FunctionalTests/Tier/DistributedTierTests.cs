using Federated.DaprSidecar.Faults;

namespace Federated.FunctionalTests.Tier;

/// <summary>Jobs over a distributed tier without accidents, and over a sidecar that duplicates, delays, reorders and loses events.</summary>
public sealed class DistributedTierTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly float[] Shifts = [1, 2, 4, 8, 16, 32];

    [Fact]
    public Task Job_OnThreeNodes_CountsEveryUpdate() => RunAsync(FaultSettings.None);

    [Fact]
    public Task Job_WithEventsDuplicatedDelayedAndReordered_CountsEveryUpdate() =>
        RunAsync(new FaultSettings { Duplicate = 0.5, Reorder = 0.3, Delay = TimeSpan.FromMilliseconds(30), Seed = 7 });

    [Fact]
    public Task Job_WithEveryFourthEventDropped_CountsEveryUpdate() => RunAsync(new FaultSettings { Drop = 0.25, Seed = 11 });

    private static async Task RunAsync(FaultSettings faults)
    {
        await using TierWorld world = await TierWorld.StartAsync(3, faults: faults);
        try
        {
            Task running = await world.RunAsync(rounds: 3, Shifts);
            await running.WaitAsync(Patience, TestContext.Current.CancellationToken);

            Assert.Equal([6, 6, 6], await world.CheckAsync());
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{world.Report()}", exception);
        }
    }
}
