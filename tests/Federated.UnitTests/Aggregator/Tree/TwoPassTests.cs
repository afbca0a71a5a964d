using System.Runtime.InteropServices;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Rules that need all updates, in trees: two passes between nodes give what one node gives.</summary>
public sealed class TwoPassTests : TreeFixture
{
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
                await UploadAsync(Nodes[tree.Nodes[random.NextInt(count)].NodeId], plan, client);
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
            await UploadAsync(Nodes[$"n{client % 3}"], plan, client);
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
            await UploadAsync(Nodes[$"n{client % 3}"], plan, client);
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
            await UploadAsync(Nodes[$"n{i % 3}"], plan, i);
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
        await UploadAsync(Nodes["n1"], plan, 1);

        await tier.SayClosingAsync(plan, tree, Cancellation);

        Assert.Contains("at least 5 updates", (await tier.AwaitAggregateAsync(plan, tree, Cancellation)).Fault, StringComparison.Ordinal);
    }

    private static void AssertNear(float[] expected, float[] actual, double bound) =>
        Assert.InRange(Distance(expected, actual), 0, bound * Distance(expected, new float[expected.Length]));

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum());
}
