using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.UnitTests.Aggregator;

/// <summary>A node stops with a round open; the next one on the same folder goes on, twice.</summary>
public sealed class NodeRecoveryTests : NodeFixture
{
    [Fact]
    public async Task OpenRound_StoredButNotSummed_IsRecoveredTwice()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1), weight: 2);
        await UploadAsync(first, plan, "b", Payload(2), weight: 3);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync(new HeldEventBus());
        ReopenedRound once = await OpenAsync(second, Plan(epoch: 2));
        await second.StopAsync(Cancellation);
        AggregatorNode third = await StartAsync();
        ReopenedRound twice = await OpenAsync(third, Plan(epoch: 3));
        ClosedRound closed = await third.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(["a", "b"], once.Recovered.Select(update => update.AssignmentId).Order());
        Assert.Equal(["a", "b"], twice.Recovered.Select(update => update.AssignmentId).Order());
        Assert.Empty(twice.Lost);
        Assert.Equal(5, closed.Sections[0].Divisor);
        Assert.Equal(2, Stored.Count);
        AssertPoolIsFree(third);
    }

    // A device that is told that the round is stale waits for the coordinator, and the coordinator for its update.
    [Fact]
    public async Task Upload_BeforeTheRoundIsOpenedAgain_ComesBack()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        UploadResult early = await UploadAsync(second, plan, "a", Payload(1));
        UploadResult foreign = await UploadAsync(second, Plan() with { Key = plan.Key with { JobId = "another" } }, "b", Payload(2));
        await OpenAsync(second, plan);
        UploadResult again = await UploadAsync(second, plan, "a", Payload(1));

        Assert.Equal(UploadOutcome.Unavailable, early.Outcome);
        Assert.Equal(UploadOutcome.StaleRound, foreign.Outcome);
        Assert.Equal(UploadOutcome.Stored, again.Outcome);
    }

    [Fact]
    public async Task Upload_OfARoundThatNobodyOpensAgain_IsStaleInTheEnd()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        Time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(UploadOutcome.StaleRound, (await UploadAsync(second, plan, "a", Payload(1))).Outcome);
    }

    [Fact]
    public async Task OpenRound_SummedInMemoryOnly_IsLostAndTakenAgain()
    {
        RoundPlan plan = Plan();
        var bus = new HeldEventBus();
        AggregatorNode first = await StartAsync(bus);
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await bus.ReleaseAsync();
        await UploadAsync(first, plan, "b", Payload(2));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);
        UploadResult again = await UploadAsync(second, plan, "a", Payload(1));
        UploadResult duplicate = await UploadAsync(second, plan, "b", Payload(2));
        ClosedRound closed = await second.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(["b"], reopened.Recovered.Select(update => update.AssignmentId));
        Assert.Equal(["a"], reopened.Lost);
        Assert.Equal(UploadOutcome.Stored, again.Outcome);
        Assert.Equal(UploadOutcome.AlreadyStored, duplicate.Outcome);
        Assert.Equal(["a", "b"], closed.Included.Select(update => update.AssignmentId).Order());
    }

    [Fact]
    public async Task OpenRound_Spooled_IsRecoveredAlthoughItWasSummed()
    {
        RoundPlan plan = Plan(durability: "spool");
        var bus = new HeldEventBus();
        AggregatorNode first = await StartAsync(bus);
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1), weight: 4);
        await bus.ReleaseAsync();
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);
        ClosedRound closed = await second.CloseRoundAsync(plan.Key, Cancellation);
        await second.ForgetRoundAsync(plan.Key, Cancellation);

        Assert.Equal("a", Assert.Single(reopened.Recovered).AssignmentId);
        Assert.Equal(4, closed.Sections[0].Divisor);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(NodeFolder, "spool"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task OpenRound_SpoolFileDamaged_IsLost()
    {
        RoundPlan plan = Plan(durability: "spool");
        var bus = new HeldEventBus();
        AggregatorNode first = await StartAsync(bus);
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await bus.ReleaseAsync();
        await first.StopAsync(Cancellation);
        string file = Assert.Single(Directory.EnumerateFiles(Path.Combine(NodeFolder, "spool"), "*", SearchOption.AllDirectories));
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[17] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);

        Assert.Equal(["a"], reopened.Lost);
    }

    [Fact]
    public async Task OpenRound_JournalTornInItsLastRecord_RecoversTheOthersTwice()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await UploadAsync(first, plan, "b", Payload(2));
        await first.StopAsync(Cancellation);
        string journal = Path.Combine(NodeFolder, "updates.journal");
        using (FileStream file = File.OpenWrite(journal))
        {
            file.SetLength(file.Length - 5);
        }

        AggregatorNode second = await StartAsync(new HeldEventBus());
        ReopenedRound once = await OpenAsync(second, plan);
        await second.StopAsync(Cancellation);
        AggregatorNode third = await StartAsync();
        ReopenedRound twice = await OpenAsync(third, plan);
        await third.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(["a"], once.Recovered.Select(update => update.AssignmentId));
        Assert.Equal(["a"], twice.Recovered.Select(update => update.AssignmentId));
        AssertPoolIsFree(third);
    }

    [Fact]
    public async Task Start_RoundForgotten_HoldsNothing()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await first.CloseRoundAsync(plan.Key, Cancellation);
        await first.ForgetRoundAsync(plan.Key, Cancellation);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);

        Assert.Empty(reopened.Recovered);
        Assert.Empty(reopened.Lost);
        AssertPoolIsFree(second);
    }

    [Fact]
    public async Task OpenRound_EarlierRoundNeverOpenedAgain_FreesItsSlots()
    {
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, Plan(round: 1));
        await UploadAsync(first, Plan(round: 1), "a", Payload(1));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        Assert.Equal(1, second.Slots.Committed);
        await OpenAsync(second, Plan(round: 2, epoch: 2));

        AssertPoolIsFree(second);
    }

    [Fact]
    public async Task StopAsync_NothingWaits_TakesThePoolAway()
    {
        AggregatorNode empty = await StartAsync();
        await empty.StopAsync(Cancellation);
        Assert.Empty(Directory.EnumerateDirectories(Options.PoolDirectory!));

        AggregatorNode holding = await StartAsync(new HeldEventBus());
        await OpenAsync(holding, Plan());
        await UploadAsync(holding, Plan(), "a", Payload(1));
        await holding.StopAsync(Cancellation);
        Assert.Single(Directory.EnumerateDirectories(Options.PoolDirectory!));
    }

    [Fact]
    public async Task Start_FolderInUse_Throws()
    {
        await StartAsync();

        await Assert.ThrowsAsync<IOException>(() => StartAsync());
    }

    [Fact]
    public async Task EndLeftovers_RoundOfAJobThatHasEnded_IsFreedForGood()
    {
        RoundPlan plan = Plan(durability: "spool");
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        await second.EndLeftoversAsync(key => key == plan.Key, Cancellation);
        AssertPoolIsFree(second);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(NodeFolder, "spool"), "*", SearchOption.AllDirectories));
        await second.StopAsync(Cancellation);

        AggregatorNode third = await StartAsync();
        ReopenedRound reopened = await OpenAsync(third, plan);
        Assert.Empty(reopened.Recovered);
        Assert.Empty(reopened.Lost);
    }

    [Fact]
    public async Task EndLeftovers_RoundOfAnotherJob_IsKept()
    {
        RoundPlan plan = Plan();
        AggregatorNode first = await StartAsync(new HeldEventBus());
        await OpenAsync(first, plan);
        await UploadAsync(first, plan, "a", Payload(1));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        await second.EndLeftoversAsync(_ => false, Cancellation);

        Assert.Single((await OpenAsync(second, plan)).Recovered);
    }
}
