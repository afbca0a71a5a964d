using System.Buffers;
using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

public sealed class AggregatorNodeTests : NodeFixture
{
    [Fact]
    public async Task CloseRound_WeightedUpdates_EqualsTheDoubleReference()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        var reference = new double[Elements];
        for (int i = 0; i < 20; i++)
        {
            byte[] payload = Payload(i);
            Assert.Equal(UploadOutcome.Stored, (await UploadWhenRoomAsync(node, plan, $"a{i}", payload, weight: i + 1)).Outcome);
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(payload);
            for (int k = 0; k < Elements; k++)
            {
                reference[k] += (i + 1) * (double)values[k] / 210;
            }
        }

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(20, closed.Included.Count);
        Assert.Equal(Stored.Select(update => update.AssignmentId).Order(), closed.Included.Select(update => update.AssignmentId).Order());
        SectionAggregate delta = Assert.Single(closed.Sections);
        Assert.Equal(210, delta.Divisor);
        for (int k = 0; k < Elements; k++)
        {
            Assert.Equal(reference[k], delta.Single[k], 1e-6);
        }

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_SeveralSections_EachHasItsDenominator()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections:
        [
            SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 2, SectionDenominator.Weight),
            SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, 1, SectionDenominator.Updates),
            SectionSpecs.Dense(SectionRole.Evaluation, SectionDType.F64, 1, SectionDenominator.None),
        ]);
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "a", Bytes([1, 2], [10], [100]), weight: 1);
        await UploadAsync(node, plan, "b", Bytes([5, 6], [20], [200]), weight: 3);

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal([4f, 5f], closed.Sections[0].Single);
        Assert.Equal([15f], closed.Sections[1].Single);
        Assert.Equal([300d], closed.Sections[2].Wide);

        static byte[] Bytes(float[] delta, float[] statistics, double[] sums) =>
            [.. MemoryMarshal.AsBytes(delta.AsSpan()), .. MemoryMarshal.AsBytes(statistics.AsSpan()), .. MemoryMarshal.AsBytes(sums.AsSpan())];
    }

    [Fact]
    public async Task CloseRound_WithoutUpdates_IncludesNothing()
    {
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, Plan());

        ClosedRound closed = await node.CloseRoundAsync(Plan().Key, Cancellation);

        Assert.Empty(closed.Included);
        Assert.Empty(closed.Sections);
    }

    [Fact]
    public async Task CloseRound_Twice_AnswersTheSame()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "a", Payload(1));

        ClosedRound first = await node.CloseRoundAsync(plan.Key, Cancellation);
        ClosedRound second = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Same(first, second);
    }

    [Fact]
    public async Task OpenRound_AfterItsClosing_GoesOnWithWhatItHas()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "a", Payload(1));
        await node.CloseRoundAsync(plan.Key, Cancellation);

        ReopenedRound reopened = await OpenAsync(node, Plan(epoch: 2));
        await UploadAsync(node, plan, "b", Payload(2));
        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal("a", Assert.Single(reopened.Recovered).AssignmentId);
        Assert.Empty(reopened.Lost);
        Assert.Equal(["a", "b"], closed.Included.Select(update => update.AssignmentId).Order());
        Assert.Equal(2, closed.Sections[0].Divisor);
    }

    [Fact]
    public async Task OpenRound_OfAFencedWriter_Throws()
    {
        AggregatorNode node = await StartAsync();
        await OpenAsync(node, Plan(epoch: 5));

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(node, Plan(round: 2, epoch: 4)));

        Assert.Contains("epoch 5 has taken the job over", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRound_UpdatesLargerThanASlot_ThrowsWithTheNumbers()
    {
        AggregatorNode node = await StartAsync();
        SectionSpec large = SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 1_000_000, SectionDenominator.Weight);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(node, Plan(sections: large)));

        Assert.Contains("4000000 bytes", fault.Message, StringComparison.Ordinal);
        Assert.Contains("65536", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_AfterAbandon_IsToldTheReason()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        await node.AbandonRoundAsync(plan.Key, "too few devices reported.", Cancellation);

        UploadResult late = await UploadAsync(node, plan, "a", Payload(1));

        Assert.Equal(UploadOutcome.StaleRound, late.Outcome);
        Assert.Contains("too few devices reported", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AbandonRound_WithPendingUpdates_FreesTheirSlots()
    {
        var bus = new HeldEventBus();
        AggregatorNode node = await StartAsync(bus);
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "a", Payload(1));
        await UploadAsync(node, plan, "b", Payload(2));

        Task abandoning = node.AbandonRoundAsync(plan.Key, "stopped.", Cancellation);
        await bus.ReleaseAsync();
        await abandoning;

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Leaf_EventsThatComeThrice_SumsOnce()
    {
        var bus = new HeldEventBus();
        AggregatorNode node = await StartAsync(bus);
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        await UploadAsync(node, plan, "a", Payload(1), weight: 2);

        await bus.ReleaseAsync(times: 3);
        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(2, closed.Sections[0].Divisor);
        Assert.Single(closed.Included);
    }

    [Fact]
    public async Task Upload_SameUpdateTwiceAtOnce_OneWins()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        byte[] payload = Payload(1);
        using UploadSession first = node.Ingest.Begin(Header(Ticket(plan, "a"), payload), Caller).Session!;

        UploadResult second = await UploadAsync(node, plan, "a", payload);
        first.Append(new ReadOnlySequence<byte>(payload));
        UploadResult winner = await first.CompleteAsync();
        UploadResult third = await UploadAsync(node, plan, "a", payload);

        Assert.Equal(UploadOutcome.UploadInProgress, second.Outcome);
        Assert.Equal(UploadOutcome.Stored, winner.Outcome);
        Assert.Equal(UploadOutcome.AlreadyStored, third.Outcome);
        Assert.Single(Stored);
    }

    [Fact]
    public async Task Upload_BrokenThenRestarted_IsStored()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        byte[] payload = Payload(1);
        using (UploadSession broken = node.Ingest.Begin(Header(Ticket(plan, "a"), payload), Caller).Session!)
        {
            broken.Append(new ReadOnlySequence<byte>(payload.AsMemory(0, 100)));
        }

        AssertPoolIsFree(node);
        Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "a", payload)).Outcome);
    }

    [Fact]
    public async Task Upload_ClosedWhileItsBytesArrive_IsRefusedAndFreed()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        byte[] payload = Payload(1);
        UploadSession session = node.Ingest.Begin(Header(Ticket(plan, "a"), payload), Caller).Session!;
        using (session)
        {
            session.Append(new ReadOnlySequence<byte>(payload));
            ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

            Assert.Empty(closed.Included);
            Assert.Equal(UploadOutcome.StaleRound, (await session.CompleteAsync()).Outcome);
        }

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_PoolFull_IsToldWhenToComeBack()
    {
        AggregatorNode node = await StartAsync(new HeldEventBus());
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        for (int i = 0; i < Options.SlotCount; i++)
        {
            await UploadAsync(node, plan, $"a{i}", Payload(i));
        }

        UploadResult refused = await UploadAsync(node, plan, "late", Payload(9));

        Assert.Equal(UploadOutcome.PoolFull, refused.Outcome);
        Assert.InRange(refused.RetryAfter, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task StopAsync_RunningUpload_IsWaitedFor()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan();
        await OpenAsync(node, plan);
        byte[] payload = Payload(1);
        UploadSession session = node.Ingest.Begin(Header(Ticket(plan, "a"), payload), Caller).Session!;

        Task stopping = node.StopAsync(Cancellation);
        Assert.False(stopping.IsCompleted);
        session.Append(new ReadOnlySequence<byte>(payload));
        UploadResult result = await session.CompleteAsync();
        session.Dispose();
        await stopping;

        Assert.Equal(UploadOutcome.Stored, result.Outcome);
    }

    private async Task<UploadResult> UploadWhenRoomAsync(AggregatorNode node, RoundPlan plan, string assignment, byte[] payload, double weight)
    {
        while (true)
        {
            UploadResult result = await UploadAsync(node, plan, assignment, payload, weight);
            if (result.Outcome != UploadOutcome.PoolFull)
            {
                return result;
            }

            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
