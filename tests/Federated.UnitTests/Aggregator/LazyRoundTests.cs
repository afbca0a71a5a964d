using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.UnitTests.Aggregator;

public sealed class LazyRoundTests : NodeFixture
{
    private static RoundPlan Lazy(int updates) => Plan() with { Timing = AggregationTimings.Lazy, ExpectedUpdates = updates };

    [Fact]
    public async Task CloseRound_UpdatesInSlots_SumsThemThen()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Lazy(3);
        await OpenAsync(node, plan);
        for (int i = 0; i < 3; i++)
        {
            await UploadAsync(node, plan, $"a{i}", Payload(i));
        }

        Assert.Equal(3, node.Slots.Committed);
        AssertMean(await node.CloseRoundAsync(plan.Key, Cancellation), 3);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_MoreThanThePoolHolds_SumsWhatWentToDiskToo()
    {
        Options.SpillBytes = 1024 * 1024;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Lazy(12);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 12);

        Assert.True(SpinWait.SpinUntil(() => node.Slots.Committed < Options.SlotCount, TimeSpan.FromMinutes(2)));
        AssertMean(await node.CloseRoundAsync(plan.Key, Cancellation), 12);
        AssertPoolIsFree(node);
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(NodeFolder, "spool"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task OpenRound_AfterARestart_RecoversSlotsAndDisk()
    {
        Options.SpillBytes = 1024 * 1024;
        RoundPlan plan = Lazy(8);
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await UploadManyAsync(first, plan, 8);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);

        Assert.Equal(8, reopened.Recovered.Count);
        AssertMean(await second.CloseRoundAsync(plan.Key, Cancellation), 8);
        AssertPoolIsFree(second);
    }

    [Fact]
    public async Task AbandonRound_UpdatesRetained_FreesThem()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Lazy(3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 3);

        await node.AbandonRoundAsync(plan.Key, "stopped.", Cancellation);

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task OpenRound_NeitherPoolNorDiskHoldsTheRound_IsRefusedWithTheNumbers()
    {
        Options.SpillBytes = 100_000;
        AggregatorNode node = await StartAsync();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(node, Lazy(10)));

        Assert.Contains("retains 10 updates of 65536 bytes; 3 of this node's 4 slots", fault.Message, StringComparison.Ordinal);
        Assert.Contains("458752 bytes exceed the 100000 bytes", fault.Message, StringComparison.Ordinal);
    }

    private async Task UploadManyAsync(AggregatorNode node, RoundPlan plan, int count)
    {
        for (int i = 0; i < count; i++)
        {
            UploadResult result;
            do
            {
                await Task.Yield();
                result = await UploadAsync(node, plan, $"a{i}", Payload(i));
            }
            while (result.Outcome == UploadOutcome.PoolFull);
            Assert.Equal(UploadOutcome.Stored, result.Outcome);
        }
    }

    private static void AssertMean(ClosedRound closed, int count)
    {
        Assert.Equal(count, closed.Included.Count);
        for (int k = 0; k < Elements; k++)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += MemoryMarshal.Cast<byte, float>(Payload(i))[k];
            }

            Assert.Equal(sum / count, closed.Sections[0].Single[k], 1e-6);
        }
    }
}
