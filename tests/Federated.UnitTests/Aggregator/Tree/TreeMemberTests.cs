using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator.Tree;

public sealed class TreeMemberTests : NodeFixture
{
    private readonly Dictionary<string, AggregatorNode> _nodes = new(StringComparer.Ordinal);

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
                await UploadAsync(_nodes[tree.Nodes[random.NextInt(count)].NodeId], plan, client);
            }

            AssertMean(await tier.CloseAsync(plan, tree, Cancellation), reporting);
            await tier.EndAsync(plan, Cancellation);
        }
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
            await UploadAsync(_nodes[$"n{i % 3}"], plan, i);
        }

        await tier.CloseAsync(plan, first, Cancellation);

        // Updates 0 and 3 were stored at the node that is given up.
        TreePlan second = new(2, [Node(1, null), Node(2, 1)]);
        IReadOnlyList<RoundReady> ready = await tier.OpenAsync(plan, second, Cancellation);
        Assert.Equal(4, ready.Sum(node => node.Recovered));
        await UploadAsync(_nodes["n2"], plan, 3);
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
        await UploadAsync(_nodes["n0"], plan, 1);
        await UploadAsync(_nodes["n1"], plan, 2);
        await tier.CloseAsync(plan, tree, Cancellation);

        RoundPlan taken = plan with { WriterEpoch = 2 };
        IReadOnlyList<RoundReady> ready = await tier.OpenAsync(taken, tree, Cancellation);
        await UploadAsync(_nodes["n1"], taken, 3);
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
        await UploadAsync(_nodes["n1"], plan, 1);
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
        await UploadAsync(_nodes["n1"], plan, 4);
        AssertMean(await tier.CloseAsync(plan, tree, Cancellation), [4]);
    }

    // Any tree, order of arrival, drop-outs and repeated events: what several nodes make is what one makes of the same updates.
    [Theory]
    [InlineData("median", ExchangeModes.Exact, 1)]
    [InlineData("flag", ExchangeModes.Exact, 2)]
    [InlineData("nnm+multi-krum", ExchangeModes.Exact, 3)]
    [InlineData("nnm+bulyan", ExchangeModes.Exact, 4)]
    [InlineData("nnm+geometric-median", ExchangeModes.Sketch, 5)]
    [InlineData("multi-krum", ExchangeModes.Sketch, 6)]
    [InlineData("dnc", ExchangeModes.Sketch, 7)]
    public async Task Round_RobustRuleInAnyTree_IsThatOfOneNode(string rule, string exchange, uint seed)
    {
        Options.SpillBytes = 1024 * 1024;
        var random = new CounterRandom(seed, RandomPurpose.Test);
        await using TierUnderTest tier = new(new UnrulyBus(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance), new CounterRandom(seed, RandomPurpose.Test, 1)));
        int count = 2 + random.NextInt(4);
        await StartAsync(tier, count);
        AggregatorNode single = await StartAsync("single");
        for (int round = 1; round <= 2; round++)
        {
            RoundPlan plan = Plan(round) with
            {
                Rule = rule,
                Byzantine = 1,
                RuleSeed = 9,
                Timing = AggregationTimings.Lazy,
                ExpectedUpdates = 12,
                Exchange = exchange,
                SketchError = 0.002,
            };
            TreePlan tree = AnyTree(random, count);
            await tier.OpenAsync(plan, tree, Cancellation);
            await OpenAsync(single, plan);
            for (int client = 0; client < 9; client++)
            {
                await UploadAsync(_nodes[tree.Nodes[random.NextInt(count)].NodeId], plan, client);
                await UploadAsync(single, plan, client);
            }

            ClosedRound several = await tier.CloseAsync(plan, tree, Cancellation);
            ClosedRound one = await single.CloseRoundAsync(plan.Key, Cancellation);

            double bound = exchange == ExchangeModes.Exact ? 1e-5 : 0.02;
            AssertNear(one.Sections[0].Single, several.Sections[0].Single, bound);
            Assert.Equal(one.Included.Select(update => update.AssignmentId), several.Included.Select(update => update.AssignmentId));
            Assert.Equal(one.Scores.Select(score => score.Trust), several.Scores.Select(score => score.Trust), (a, b) => Math.Abs(a - b) <= 5 * bound * Math.Max(1, Math.Abs(a)));
            await tier.EndAsync(plan, Cancellation);
            await single.ForgetRoundAsync(plan.Key, Cancellation);
        }
    }

    [Theory]
    [InlineData(ExchangeModes.Exact, 1e-5)]
    [InlineData(ExchangeModes.Sketch, 0.02)]
    public async Task Round_RuleThatStartsFromTheLastAggregate_IsThatOfOneNode(string exchange, double bound)
    {
        Options.SpillBytes = 1024 * 1024;
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 3);
        AggregatorNode single = await StartAsync("single");
        RoundPlan plan = Plan() with
        {
            Rule = "centred-clipping:radius=4",
            Byzantine = 1,
            RuleSeed = 9,
            Timing = AggregationTimings.Lazy,
            ExpectedUpdates = 9,
            Exchange = exchange,
            SketchError = 0.002,
            Centres = new Dictionary<SectionRole, ReadOnlyMemory<float>> { [SectionRole.Delta] = MemoryMarshal.Cast<byte, float>(Payload(77)).ToArray() },
            Centred = [SectionRole.Delta],
        };
        TreePlan tree = new(1, [Node(0, null), Node(1, 0), Node(2, 1)]);
        await tier.OpenAsync(plan, tree, Cancellation);
        await OpenAsync(single, plan);
        for (int client = 0; client < 9; client++)
        {
            await UploadAsync(_nodes[$"n{client % 3}"], plan, client);
            await UploadAsync(single, plan, client);
        }

        // The nodes wait for it, whenever it comes.
        await tier.SayClosingAsync(plan, tree, Cancellation);
        await tier.TellStartAsync(plan, tree, Cancellation);
        float[] several = (await tier.CloseAsync(plan, tree, Cancellation)).Sections[0].Single;
        float[] one = (await single.CloseRoundAsync(plan.Key, Cancellation)).Sections[0].Single;

        AssertNear(one, several, bound);
        await single.ForgetRoundAsync(plan.Key, Cancellation);
        await OpenAsync(single, plan with { Key = plan.Key with { Round = 2 }, Centres = new Dictionary<SectionRole, ReadOnlyMemory<float>>(), Centred = [] });
        for (int client = 0; client < 9; client++)
        {
            await UploadAsync(single, plan with { Key = plan.Key with { Round = 2 } }, client);
        }

        float[] fromZero = (await single.CloseRoundAsync(plan.Key with { Round = 2 }, Cancellation)).Sections[0].Single;
        Assert.NotInRange(Distance(one, fromZero), 0, 0.1 * Distance(one, new float[one.Length]));
    }

    // One round hands one of two sections over and aggregates the other; the other round hands everything over.
    [Theory]
    [InlineData("median")]
    [InlineData("flag")]
    [InlineData(RoundPlan.KeepRule)]
    public async Task Round_SectionsHandedOver_ComeFromEveryNode(string rule)
    {
        Options.SpillBytes = 1024 * 1024;
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 3);
        RoundPlan plan = Plan(sections:
            [
                SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Elements / 2, SectionDenominator.Weight),
                SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, Elements / 2, SectionDenominator.Weight),
            ]) with
        {
            Rule = rule,
            Byzantine = rule == RoundPlan.KeepRule ? 0 : 1,
            Timing = AggregationTimings.Lazy,
            ExpectedUpdates = 9,
            HandedOver = rule == RoundPlan.KeepRule ? [] : [SectionRole.Delta],
        };
        TreePlan tree = new(1, [Node(0, null), Node(1, 0), Node(2, 0)]);
        await tier.OpenAsync(plan, tree, Cancellation);
        for (int client = 0; client < 9; client++)
        {
            await UploadAsync(_nodes[$"n{client % 3}"], plan, client);
        }

        ClosedRound closed = await tier.CloseAsync(plan, tree, Cancellation);
        IReadOnlyList<KeptValues> kept = await tier.FetchKeptAsync(plan, tree, Cancellation);

        Assert.Equal(9, closed.Included.Count);
        Assert.Equal(rule == RoundPlan.KeepRule ? [] : [SectionRole.BnStatistics], closed.Sections.Select(section => section.Spec.Role));
        Assert.Equal(rule == RoundPlan.KeepRule ? 18 : 9, kept.Count);
        for (int client = 0; client < 9; client++)
        {
            float[] sent = MemoryMarshal.Cast<byte, float>(Payload(client)).ToArray();
            Assert.Equal(sent[..(Elements / 2)], kept.Single(section => section.AssignmentId == $"a{client}" && section.Role == SectionRole.Delta).Values);
        }

        await tier["n1"].HandleAsync(new RoundEnded(plan.Key, plan.WriterEpoch, true, "its model version has been made."), Cancellation);
        Assert.False(await tier["n1"].Transfers.ReadKeptAsync(PartialNames.RequestOf(plan.Key, plan.WriterEpoch, 1), (_, _) => Task.CompletedTask, Cancellation));
    }

    // Pass 1 of the first tree is done, or half done, when a node is given up.
    [Fact]
    public async Task Round_NodeLostBetweenThePasses_IsMadeAgainWithoutIt()
    {
        Options.SpillBytes = 1024 * 1024;
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 3);
        RoundPlan plan = Plan() with { Rule = "multi-krum", Byzantine = 1, Timing = AggregationTimings.Lazy, ExpectedUpdates = 9 };
        TreePlan first = new(1, [Node(0, null), Node(1, 0), Node(2, 0)]);
        await tier.OpenAsync(plan, first, Cancellation);
        for (int i = 0; i < 9; i++)
        {
            await UploadAsync(_nodes[$"n{i % 3}"], plan, i);
        }

        // The lost node never hears of the closing, so the others wait for what it would share.
        await tier["n0"].HandleAsync(new RoundClosing(plan.Key, plan.WriterEpoch, 1, "The goal is reached."), Cancellation);
        await tier["n1"].HandleAsync(new RoundClosing(plan.Key, plan.WriterEpoch, 1, "The goal is reached."), Cancellation);
        ClosingDelayed delayed;
        do
        {
            await Task.Yield();
            await tier["n0"].HandleAsync(new RoundClosing(plan.Key, plan.WriterEpoch, 1, "The goal is reached."), Cancellation);
            delayed = await tier.AwaitDelayAsync(plan, first, "n0", Cancellation);
        }
        while (delayed.Nodes.Contains("n1"));
        Assert.Equal(["n2"], delayed.Nodes);
        TreePlan second = new(2, [Node(0, null), Node(1, 0)]);
        await tier.OpenAsync(plan, second, Cancellation);
        ClosedRound closed = await tier.CloseAsync(plan, second, Cancellation);

        Assert.Equal(["a0", "a1", "a3", "a4", "a6", "a7"], closed.Included.Select(update => update.AssignmentId));
        Assert.Equal(6, closed.Scores.Count);
    }

    [Fact]
    public async Task Round_TooFewUpdatesForTheRule_SaysWhichNumberIsWrong()
    {
        await using TierUnderTest tier = new(new InProcessEventBus(NullLogger<InProcessEventBus>.Instance));
        await StartAsync(tier, 2);
        RoundPlan plan = Plan() with { Rule = "krum", Byzantine = 2, Timing = AggregationTimings.Lazy, ExpectedUpdates = 5 };
        TreePlan tree = new(1, [Node(0, null), Node(1, 0)]);
        await tier.OpenAsync(plan, tree, Cancellation);
        await UploadAsync(_nodes["n1"], plan, 1);

        await tier.SayClosingAsync(plan, tree, Cancellation);

        Assert.Contains("at least 5 updates", (await tier.AwaitAggregateAsync(plan, tree, Cancellation)).Fault, StringComparison.Ordinal);
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
            await UploadAsync(_nodes["n0"], plan, i);
        }

        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(SpinWait.SpinUntil(() => tier.Stored.Count == UpdatesStored.MaxUpdates + 3, TimeSpan.FromSeconds(20)));
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

        await stopped.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    private async Task StartAsync(TierUnderTest tier, int count)
    {
        for (int i = 0; i < count; i++)
        {
            AggregatorNode node = await StartAsync($"n{i}");
            _nodes.Add(node.NodeId, node);
            await tier.AddAsync(node, Time, Cancellation);
        }
    }

    private static TreeNode Node(int index, int? parent) =>
        new($"n{index}", parent is null ? TreeRole.Top : TreeRole.Middle, parent is null ? null : $"n{parent}", 4, 2);

    /// <summary>A tree of any depth: each node but the first hangs below one that comes before it.</summary>
    private static TreePlan AnyTree(CounterRandom random, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle<int>(order);
        List<TreeNode> nodes = [Node(order[0], null)];
        for (int i = 1; i < count; i++)
        {
            nodes.Add(Node(order[i], order[random.NextInt(i)]) with { Leaves = 1 + random.NextInt(3) });
        }

        return new TreePlan(1, [.. nodes.OrderBy(node => node.NodeId, StringComparer.Ordinal)], UpdatesPerLeaf: 1 + random.NextInt(3));
    }

    private async Task UploadAsync(AggregatorNode node, RoundPlan plan, int client)
    {
        UploadResult result;
        do
        {
            await Task.Yield();
            result = await UploadAsync(node, plan, $"a{client}", Payload(client), weight: client + 1);
        }
        while (result.Outcome == UploadOutcome.PoolFull);
        Assert.Equal(UploadOutcome.Stored, result.Outcome);
    }

    private static void AssertNear(float[] expected, float[] actual, double bound) =>
        Assert.InRange(Distance(expected, actual), 0, bound * Distance(expected, new float[expected.Length]));

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum());

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
