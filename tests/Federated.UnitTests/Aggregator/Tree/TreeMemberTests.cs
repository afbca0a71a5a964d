using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Rounds that average, in trees: any tree, order and delivery gives the mean.</summary>
public sealed class TreeMemberTests : TreeFixture
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Round_AnyTreeArrivalOrderDropOutAndDelivery_IsTheFlatMean(uint seed)
    {
        var random = new CounterRandom(seed, RandomPurpose.Test);
        await using TierUnderTest tier = new(new UnrulyBus(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance), new CounterRandom(seed, RandomPurpose.Test, 1)));
        int count = 1 + random.NextInt(5);
        await StartAsync(tier, count);

        // Three rounds one after another, each with a tree of its own.
        for (int round = 1; round <= 3; round++)
        {
            RoundPlan plan = Plan(round);
            TreePlan tree = AnyTree(random, count);
            Assert.Null(tree.Fault());
            await tier.OpenAsync(plan, tree, Cancellation);
            int[] clients = [.. Enumerable.Range(0, 4 + random.NextInt(16))];
            random.Shuffle<int>(clients);
            int[] reporting = [.. clients.Take(1 + random.NextInt(clients.Length))];
            foreach (int client in reporting)
            {
                await UploadAsync(Nodes[tree.Nodes[random.NextInt(count)].NodeId], plan, client);
            }

            AssertMean(await tier.CloseAsync(plan, tree, Cancellation), reporting);
            await tier.EndAsync(plan, Cancellation);
        }
    }

    // A node that has a round and says nothing for the time of one that idles is taken for lost.
    [Fact]
    public async Task Node_RoundIsOpenBeforeItHasJoined_SaysSoonThatItLives()
    {
        var bus = new InProcessEventBus(NullLogger<InProcessEventBus>.Instance);
        var lives = new TaskCompletionSource<NodeAlive>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable hearing = bus.Subscribe<NodeAlive>(
            (alive, _) =>
            {
                lives.TrySetResult(alive);
                return ValueTask.CompletedTask;
            },
            1);
        RoundPlan plan = Plan();
        await using TierUnderTest tier = new(new HastyBus(bus, new RoundOpened(plan, new TreePlan(1, [Node(0, null)]))));
        await StartAsync(tier, 1);

        Time.Advance(new TreeMemberOptions().AliveInterval);

        NodeAlive heard = await lives.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        Assert.Equal(plan.Key, Assert.Single(heard.Rounds!).Key);
    }

    [Fact]
    public async Task Introduction_SaysHowSeldomTheNodeIsHeardWhileItIdles()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 1);

        Assert.Equal(new TreeMemberOptions().IdleAliveInterval, tier["n0"].Introduction.IdleInterval);
    }

    [Fact]
    public async Task Open_FailsUnexpectedly_LeavesNoTimerBehind()
    {
        var time = new TimersLeft(Time);
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        AggregatorNode node = await StartAsync("n0");
        await tier.AddAsync(node, time, Cancellation);
        int before = time.Count;
        RoundPlan plan = Plan() with { Rule = "trimmed-mean", Byzantine = 1, Timing = AggregationTimings.Lazy, SketchError = 0 };

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tier["n0"].HandleAsync(new RoundOpened(plan, new TreePlan(1, [Node(0, null)])), Cancellation));

        Assert.Equal(before, time.Count);
    }

    [Fact]
    public async Task Round_TopLostAfterItHadThePartials_IsMadeAgainWithoutIt()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 3);
        RoundPlan plan = Plan();
        TreePlan first = new(1, [Node(0, null), Node(1, 0), Node(2, 0)]);
        await tier.OpenAsync(plan, first, Cancellation);
        for (int i = 0; i < 6; i++)
        {
            await UploadAsync(Nodes[$"n{i % 3}"], plan, i);
        }

        await tier.CloseAsync(plan, first, Cancellation);

        // Updates 0 and 3 were stored at the node that is given up.
        TreePlan second = new(2, [Node(1, null), Node(2, 1)]);
        IReadOnlyList<RoundReady> ready = await tier.OpenAsync(plan, second, Cancellation);
        Assert.Equal(4, ready.Sum(node => node.Recovered));
        await UploadAsync(Nodes["n2"], plan, 3);
        AssertMean(await tier.CloseAsync(plan, second, Cancellation), [1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task Round_SecondWriter_BeginsAgainWithWhatTheNodesHave()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 2);
        TreePlan tree = new(1, [Node(0, null), Node(1, 0)]);
        RoundPlan plan = Plan();
        await tier.OpenAsync(plan, tree, Cancellation);
        await UploadAsync(Nodes["n0"], plan, 1);
        await UploadAsync(Nodes["n1"], plan, 2);
        await tier.CloseAsync(plan, tree, Cancellation);

        RoundPlan taken = plan with { WriterEpoch = 2 };
        IReadOnlyList<RoundReady> ready = await tier.OpenAsync(taken, tree, Cancellation);
        await UploadAsync(Nodes["n1"], taken, 3);
        await tier.SayClosingAsync(plan, tree, Cancellation);
        ClosedRound closed = await tier.CloseAsync(taken, tree, Cancellation);

        Assert.Equal([1, 1], ready.Select(node => node.Recovered));
        AssertMean(closed, [1, 2, 3]);
    }

    [Fact]
    public async Task Receive_PartialTwiceOrOfAnotherTreeOrOfNoChild_IsMergedOnce()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 3);
        RoundPlan plan = Plan();
        TreePlan tree = new(1, [Node(0, null), Node(1, 0), Node(2, 0)]);
        await tier.OpenAsync(plan, tree, Cancellation);
        await UploadAsync(Nodes["n1"], plan, 1);
        await tier.SayClosingAsync(plan, tree, Cancellation);
        PartialReady ready = await tier.AwaitPartialAsync(plan, tree, "n1", Cancellation);
        await tier.AwaitAggregateAsync(plan, tree, Cancellation);

        var header = new PartialHeader
        {
            Round = PartialNames.RequestOf(plan.Key, plan.WriterEpoch, 1),
            PlanHash = tree.Hash,
            PartialId = ready.PartialId,
            NodeId = "n1",
            Included = 1,
        };
        Assert.Equal(TransferOutcome.AlreadyMerged, tier["n0"].Transfers.Receive(header).Result.Outcome);
        Assert.Equal(TransferOutcome.Refused, tier["n0"].Transfers.Receive(With(header, changed => changed.PartialId = "another")).Result.Outcome);
        Assert.Equal(TransferOutcome.Refused, tier["n0"].Transfers.Receive(With(header, changed => changed.NodeId = "n9")).Result.Outcome);
        Assert.Equal(TransferOutcome.Refused, tier["n0"].Transfers.Receive(With(header, changed => changed.PlanHash = "00")).Result.Outcome);
        Assert.Equal(TransferOutcome.NotReady, tier["n0"].Transfers.Receive(With(header, changed => changed.Round.Revision = 2)).Result.Outcome);

        static PartialHeader With(PartialHeader header, Action<PartialHeader> change)
        {
            PartialHeader changed = header.Clone();
            change(changed);
            return changed;
        }
    }

    [Fact]
    public async Task Receive_DamagedTransfer_ChangesNothingAndMayBeRepeated()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 2);
        RoundPlan plan = Plan();
        TreePlan tree = new(1, [Node(0, null), Node(1, 0)]);
        await tier.OpenAsync(plan, tree, Cancellation);
        var header = new PartialHeader
        {
            Round = PartialNames.RequestOf(plan.Key, plan.WriterEpoch, 1),
            PlanHash = tree.Hash,
            PartialId = "p",
            NodeId = "n1",
            Included = 1,
            ByteLength = 10,
        };

        using (TransferIntake intake = tier["n0"].Transfers.Receive(header).Intake!)
        {
            Assert.Equal(TransferOutcome.NotReady, tier["n0"].Transfers.Receive(header).Result.Outcome);
            intake.Append(new byte[100]);
            Assert.Equal(TransferOutcome.Damaged, (await intake.CompleteAsync()).Outcome);
        }

        Assert.Equal(["n1"], tier["n0"].Transfers.MissingChildren(plan.Key));
        await UploadAsync(Nodes["n1"], plan, 4);
        AssertMean(await tier.CloseAsync(plan, tree, Cancellation), [4]);
    }

    [Fact]
    public async Task Round_PlanThatANodeCannotCarryOut_IsRefusedByIt()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 1);

        IReadOnlyList<RoundReady> ready = await tier.OpenAsync(Plan() with { Rule = "krum" }, new TreePlan(1, [Node(0, null)]), Cancellation);

        Assert.Contains("'krum'", ready[0].Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Updates_Stored_AreToldInBatches()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 1);
        RoundPlan plan = Plan();
        await tier.OpenAsync(plan, new TreePlan(1, [Node(0, null)]), Cancellation);
        for (int i = 0; i < UpdatesStored.MaxUpdates + 3; i++)
        {
            await UploadAsync(Nodes["n0"], plan, i);
        }

        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(SpinWait.SpinUntil(() => tier.Stored.Count == UpdatesStored.MaxUpdates + 3, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public async Task Stop_WhenTheBusIsGone_EndsAllTheSame()
    {
        var bus = new DeadEndBus(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await using TierUnderTest tier = new(bus);
        await StartAsync(tier, 1);

        Task stopped = tier["n0"].StopAsync("The test ends.", Cancellation);
        await bus.Waits.WaitAsync(Cancellation);
        Assert.False(stopped.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(5));

        await stopped.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
    }

    /// <summary>Within the bound that is stated for the weighted mean, against a reference in index order.</summary>
    private static void AssertMean(ClosedRound closed, int[] clients)
    {
        Assert.Equal(clients.Select(client => $"a{client}").Order(), closed.Included.Select(update => update.AssignmentId).Order());
        double total = clients.Sum(client => client + 1.0);
        Assert.Equal(total, closed.Sections[0].Divisor);
        double slack = 2 * (clients.Length + 2) * Math.Pow(2, -52);
        for (int k = 0; k < Elements; k++)
        {
            double exact = 0;
            double magnitude = 0;
            foreach (int client in clients.Order())
            {
                double value = (client + 1.0) * MemoryMarshal.Cast<byte, float>(Payload(client))[k] / total;
                exact += value;
                magnitude += Math.Abs(value);
            }

            Assert.Equal(exact, closed.Sections[0].Single[k], (slack * magnitude) + (Math.Abs(exact) * Math.Pow(2, -24)) + Math.Pow(2, -150));
        }
    }
}
