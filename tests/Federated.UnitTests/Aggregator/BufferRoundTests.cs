using System.Buffers;
using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

/// <summary>Rounds that are buffers of an asynchronous job.</summary>
public sealed class BufferRoundTests : NodeFixture
{
    private const int Fewer = 40;
    private const string EarlierSchema = "00000000000000000000000000000000000000000000000000000000000000aa";

    private readonly HashSet<string> _wanted = ["a0", "a1", "a2", "a3"];

    [Fact]
    public async Task CloseRound_FullBuffer_HandsTheUpdatesOverInOrderOfArrival()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Buffer(1, 3);
        await OpenBufferAsync(node, plan);
        foreach (string assignment in new[] { "a2", "a0", "a1" })
        {
            Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, assignment, Payload(assignment[1]))).Outcome);
        }

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Empty(closed.Sections);
        Assert.Equal(["a2", "a0", "a1"], closed.Included.Select(update => update.AssignmentId));
        Assert.All(closed.Kept.Zip(closed.Included), pair =>
        {
            Assert.Equal((pair.Second.AssignmentId, SectionRole.Delta), (pair.First.AssignmentId, pair.First.Role));
            Assert.Equal(MemoryMarshal.Cast<byte, float>(Payload(pair.Second.AssignmentId[1])).ToArray(), pair.First.Values);
        });
        Assert.Equal(
            ["a2", "a0", "a1"], (await node.CloseRoundAsync(plan.Key, Cancellation)).Kept.Select(kept => kept.AssignmentId));
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_FullBuffer_IsToldToComeBackAndTheNextOneTakesIt()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan first = Buffer(1, 2);
        RoundPlan second = Buffer(2, 2);
        await OpenBufferAsync(node, first);
        await UploadAsync(node, first, "a0", Payload(0));
        await UploadAsync(node, first, "a1", Payload(1));

        UploadResult full = await UploadAsync(node, first, "a2", Payload(2));
        await node.CloseRoundAsync(first.Key, Cancellation);
        UploadResult closing = await UploadAsync(node, first, "a2", Payload(2));
        _wanted.ExceptWith(["a0", "a1"]);
        await OpenBufferAsync(node, second);
        UploadResult taken = await UploadAsync(node, first, "a2", Payload(2));
        UploadResult again = await UploadAsync(node, first, "a2", Payload(2));
        UploadResult counted = await UploadAsync(node, first, "a0", Payload(0));
        await node.ForgetRoundAsync(first.Key, Cancellation);
        ClosedRound closed = await node.CloseRoundAsync(second.Key, Cancellation);

        Assert.All([full, closing], result => Assert.Equal(UploadOutcome.BufferFull, result.Outcome));
        Assert.True(full.RetryAfter > TimeSpan.Zero);
        Assert.Equal(UploadOutcome.Stored, taken.Outcome);
        Assert.Equal(UploadOutcome.AlreadyStored, again.Outcome);
        Assert.Equal(UploadOutcome.StaleRound, counted.Outcome);
        Assert.Equal(second.Key, Assert.Single(closed.Included).Key);
    }

    // On a node that cannot ask the coordinator: an update that is in a version already may come again, and must not fill the buffer for ever.
    [Fact]
    public async Task Excuse_StoredUpdateThatNobodyWaitsFor_GivesItsPlaceUpOnce()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Buffer(1, 1);
        await OpenBufferAsync(node, plan);
        await UploadAsync(node, plan, "a0", Payload(0));
        Assert.Equal(UploadOutcome.BufferFull, (await UploadAsync(node, plan, "a1", Payload(1))).Outcome);

        node.Excuse(plan.Key, ["a0", "a0", "unknown"]);
        node.Excuse(plan.Key, ["a0"]);
        UploadResult taken = await UploadAsync(node, plan, "a1", Payload(1));
        UploadResult full = await UploadAsync(node, plan, "a2", Payload(2));

        Assert.Equal((UploadOutcome.Stored, UploadOutcome.BufferFull), (taken.Outcome, full.Outcome));
        Assert.Equal(["a0", "a1"], (await node.CloseRoundAsync(plan.Key, Cancellation)).Included.Select(update => update.AssignmentId));
    }

    [Fact]
    public async Task OpenRound_AgainWithMoreRoomAfterItsClosing_TakesAnotherAndHandsAllOver()
    {
        AggregatorNode node = await StartAsync();
        await OpenBufferAsync(node, Buffer(1, 2));
        await UploadAsync(node, Buffer(1, 2), "a1", Payload(1));
        await UploadAsync(node, Buffer(1, 2), "a0", Payload(0));
        ClosedRound first = await node.CloseRoundAsync(Buffer(1, 2).Key, Cancellation);

        ReopenedRound reopened = await OpenBufferAsync(node, Buffer(1, 3));
        UploadResult taken = await UploadAsync(node, Buffer(1, 3), "a2", Payload(2));
        UploadResult full = await UploadAsync(node, Buffer(1, 3), "a3", Payload(3));
        ClosedRound second = await node.CloseRoundAsync(Buffer(1, 3).Key, Cancellation);

        Assert.Equal((2, 2), (first.Included.Count, reopened.Recovered.Count));
        Assert.Equal((UploadOutcome.Stored, UploadOutcome.BufferFull), (taken.Outcome, full.Outcome));
        Assert.Equal(["a1", "a0", "a2"], second.Kept.Select(kept => kept.AssignmentId));
        Assert.All(second.Kept, kept => Assert.Equal(MemoryMarshal.Cast<byte, float>(Payload(kept.AssignmentId[1] - '0')).ToArray(), kept.Values));
    }

    [Fact]
    public async Task Upload_BufferClosesWhileBytesCome_GoesToTheNext()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan first = Buffer(1, 1);
        RoundPlan second = Buffer(2, 1);
        await OpenBufferAsync(node, first);
        byte[] payload = Payload(7);
        using UploadSession slow = node.Ingest.Begin(Header(Ticket(first, "a3"), payload), Caller).Session!;
        slow.Append(new ReadOnlySequence<byte>(payload, 0, 100));
        await UploadAsync(node, first, "a0", Payload(0));
        await node.CloseRoundAsync(first.Key, Cancellation);
        await OpenBufferAsync(node, second);

        slow.Append(new ReadOnlySequence<byte>(payload, 100, payload.Length - 100));
        UploadResult result = await slow.CompleteAsync();

        Assert.Equal(UploadOutcome.Stored, result.Outcome);
        Assert.Equal("a3", Assert.Single((await node.CloseRoundAsync(second.Key, Cancellation)).Included).AssignmentId);
    }

    [Fact]
    public async Task Upload_NoStep_IsRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Buffer(1, 2);
        await OpenBufferAsync(node, plan);
        UpdateHeader header = Header(Ticket(plan, "a0"), Payload(0));
        header.LocalSteps = 0;

        Assert.Equal(UploadOutcome.StepsOutOfBounds, node.Ingest.Begin(header, Caller).Result.Outcome);
    }

    [Fact]
    public async Task OpenRound_AfterARestart_RecoversTheOrder()
    {
        RoundPlan plan = Buffer(4, 3);
        AggregatorNode first = await StartAsync();
        await OpenBufferAsync(first, plan);
        await UploadAsync(first, Buffer(1, 3), "a1", Payload(1));
        await UploadAsync(first, Buffer(3, 3), "a0", Payload(0));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenBufferAsync(second, plan);
        await UploadAsync(second, plan, "a2", Payload(2));
        UploadResult full = await UploadAsync(second, plan, "a3", Payload(3));

        Assert.Equal(2, reopened.Recovered.Count);
        Assert.Equal(UploadOutcome.BufferFull, full.Outcome);
        Assert.Equal(["a1", "a0", "a2"], (await second.CloseRoundAsync(plan.Key, Cancellation)).Kept.Select(kept => kept.AssignmentId));
    }

    [Fact]
    public async Task Upload_FromUnderAnEarlierMask_IsTakenByTheFormOfItsRoleAlone()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Masked(1);
        await OpenBufferAsync(node, plan);
        byte[] early = Payload(1), present = Payload(2)[..(4 * Fewer)];

        UploadResult late = await TakeAsync(node, Under(plan, "a0", "m1", EarlierSchema), early);
        UploadResult swapped = await TakeAsync(node, Under(plan, "a1", "m1", plan.SchemaHash), early);
        UploadResult foreign = await TakeAsync(node, Under(plan, "a1", "m2", EarlierSchema), present);
        UploadResult unknown = await TakeAsync(node, WithRole(Under(plan, "a1", "m1", EarlierSchema), "m0"), early);
        UploadResult fresh = await TakeAsync(node, Under(plan, "a1", "m2", plan.SchemaHash), present);
        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.All([late, fresh], result => Assert.Equal(UploadOutcome.Stored, result.Outcome));
        Assert.All([swapped, foreign, unknown], result => Assert.Equal(UploadOutcome.SchemaMismatch, result.Outcome));
        Assert.Equal([("a0", Elements), ("a1", Fewer)], closed.Kept.Select(kept => (kept.AssignmentId, kept.Values.Length)));
    }

    [Fact]
    public async Task Upload_BufferClosesAndTheNextTakesNoSuchForm_IsStale()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan first = Masked(1), second = Buffer(2, 2) with { Forms = [new UpdateForm("m3", [0])] };
        await OpenBufferAsync(node, first);
        byte[] payload = Payload(1);
        UploadAdmission admission = node.Ingest.Begin(Header(Under(first, "a0", "m1", EarlierSchema), payload), Caller);
        using UploadSession session = admission.Session!;
        await OpenBufferAsync(node, second);
        await node.CloseRoundAsync(first.Key, Cancellation);

        session.Append(new ReadOnlySequence<byte>(payload));
        UploadResult result = await session.CompleteAsync();

        Assert.Equal(UploadOutcome.StaleRound, result.Outcome);
        Assert.Empty((await node.CloseRoundAsync(second.Key, Cancellation)).Included);
    }

    private UpdateTicket Under(RoundPlan plan, string assignment, string role, string schema)
    {
        UpdateTicket ticket = Ticket(plan, assignment, role);
        ticket.SchemaHash = Google.Protobuf.ByteString.CopyFrom(Convert.FromHexString(schema));
        return ticket;
    }

    private static UpdateTicket WithRole(UpdateTicket ticket, string role)
    {
        ticket.Role = role;
        return ticket;
    }

    private async Task<UploadResult> TakeAsync(AggregatorNode node, UpdateTicket ticket, byte[] payload)
    {
        UploadAdmission admission = node.Ingest.Begin(Header(ticket, payload), Caller);
        if (admission.Session is not { } session)
        {
            return admission.Result;
        }

        using (session)
        {
            session.Append(new ReadOnlySequence<byte>(payload));
            return await session.CompleteAsync();
        }
    }

    /// <summary>A buffer that takes updates from under two masks.</summary>
    private static RoundPlan Masked(int round)
    {
        RoundPlan plan = Buffer(round, 3);
        SectionSpec early = plan.Sections[0].Clone(), present = plan.Sections[0].Clone();
        early.MaskEpoch = 1;
        (present.MaskEpoch, present.ElementCount) = (2, Fewer);
        return plan with { Sections = [early, present], Forms = [new UpdateForm("m1", [0], EarlierSchema), new UpdateForm("m2", [1])] };
    }

    private static RoundPlan Buffer(int round, int capacity) => Plan(round) with
    {
        Rule = RoundPlan.KeepRule,
        Timing = AggregationTimings.Lazy,
        ExpectedUpdates = capacity,
        Capacity = capacity,
    };

    private Task<ReopenedRound> OpenBufferAsync(AggregatorNode node, RoundPlan plan) =>
        node.OpenRoundAsync(plan, TreePlan.Single(Options.NodeId, 3, 1), Stored.Add, _wanted.Contains, Cancellation);
}
