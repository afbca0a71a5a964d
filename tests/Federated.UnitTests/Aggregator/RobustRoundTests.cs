using System.Globalization;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

public sealed class RobustRoundTests : NodeFixture
{
    [Fact]
    public async Task CloseRound_CoordinateRule_IsThatOfTheUpdates()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("median", 1, 3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 3);

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(3, closed.Included.Count);
        Assert.All(Enumerable.Range(0, Elements), k => Assert.Equal(Median(k, 0, 1, 2), closed.Sections[0].Single[k]));
        Assert.Equal(3, closed.Scores.Count);
        Assert.All(closed.Scores, score => Assert.True(score is { Coefficient: null, Trust: < 0 }));
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_LongUpdate_IsLeftOutByItsScore()
    {
        Options.SpillBytes = 1024 * 1024;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("multi-krum", 1, 4);
        await OpenAsync(node, plan);
        float[] huge = [.. Enumerable.Repeat(1e6f, Elements)];
        Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "a3", MemoryMarshal.AsBytes(huge.AsSpan()).ToArray(), weight: 1000)).Outcome);
        await UploadManyAsync(node, plan, 0, 3);

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        int attacker = closed.Included.ToList().FindIndex(update => update.AssignmentId == "a3");
        Assert.Equal(0, closed.Scores[attacker].Coefficient);
        Assert.Equal(closed.Scores.Min(score => score.Trust), closed.Scores[attacker].Trust);
        Assert.All(closed.Sections[0].Single, value => Assert.InRange(value, -1, 1));
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_Twice_GivesTheSameAgain()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("bucketing:size=2+geometric-median", 0, 3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 3);

        ClosedRound first = await node.CloseRoundAsync(plan.Key, Cancellation);
        ClosedRound second = await node.CloseRoundAsync(plan.Key, Cancellation);
        await OpenAsync(node, plan with { WriterEpoch = 2 });
        ClosedRound reopened = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Same(first, second);
        Assert.Equal(first.Sections[0].Single, reopened.Sections[0].Single);
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_MoreThanThePoolHolds_AggregatesWhatWentToDiskToo()
    {
        Options.SpillBytes = 1024 * 1024;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("trimmed-mean", 3, 9);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 9);

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(9, closed.Included.Count);
        Assert.All(Enumerable.Range(0, Elements), k => Assert.Equal(
            Enumerable.Range(0, 9).Select(seed => Value(seed, k)).Order().Skip(3).Take(3).Average(), closed.Sections[0].Single[k], 1e-6));
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(NodeFolder, "spool"), "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(24, "nnm+geometric-median")]
    [InlineData(24, "bucketing:size=2+flag")]
    [InlineData(4, "multi-krum")]
    public async Task CloseRound_InnerProductsGrewWhileUpdatesArrived_HasTheBitsOfTheBatch(int slots, string rule)
    {
        // With few slots some updates go to disk, and join at the closing.
        Options.SlotCount = slots;
        Options.SpillBytes = 1024 * 1024;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust(rule, 2, 11);
        await OpenAsync(node, plan);
        foreach (int seed in new[] { 7, 2, 10, 0, 5, 1, 9, 3, 8, 6, 4 })
        {
            await UploadManyAsync(node, plan, seed, 1);
        }

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        RetainedReport batch = new RetainedAggregation(plan.Sections, RuleCatalog.Create(plan.Rule, plan.Byzantine), plan.RuleSeed).Report(
            plan.Key, [.. closed.Included.Select(update => new RetainedUpdate(Payload(int.Parse(update.AssignmentId[1..], CultureInfo.InvariantCulture)), update.Weight))]);
        Assert.Equal(batch.Sections[0].Single, closed.Sections[0].Single);
        Assert.Equal(batch.Scores, closed.Scores);
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_RuleThatStartsFromTheLastAggregate_StartsThere()
    {
        Options.SlotCount = 16;
        AggregatorNode node = await StartAsync();
        float[] centre = [.. Enumerable.Repeat(0.5f, Elements)];
        RoundPlan plan = Robust("centred-clipping:radius=3,iterations=2", 1, 5) with
        {
            Centres = new Dictionary<SectionRole, ReadOnlyMemory<float>> { [SectionRole.Delta] = centre },
        };
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 5);

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        double[] expected = [.. centre.Select(value => (double)value)];
        for (int step = 0; step < 2; step++)
        {
            double[][] moves = [.. Enumerable.Range(0, 5).Select(seed => expected.Select((value, k) => Value(seed, k) - value).ToArray())];
            double[] kept = [.. moves.Select(move => Math.Min(1, 3 / Math.Sqrt(move.Sum(value => value * value))))];
            expected = [.. expected.Select((value, k) => value + moves.Select((move, i) => kept[i] * move[k] / 5).Sum())];
        }

        Assert.All(Enumerable.Range(0, Elements), k => Assert.Equal(expected[k], closed.Sections[0].Single[k], 1e-5));
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_OfAClosedOrAnEarlierRound_IsRefusedAndChangesNothing()
    {
        Options.SlotCount = 16;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("multi-krum", 1, 4);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 3);
        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        UploadResult late = await UploadAsync(node, plan, "a3", Payload(3));
        ClosedRound again = await node.CloseRoundAsync(plan.Key, Cancellation);
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        RoundPlan next = plan with { Key = plan.Key with { Round = 2 } };
        await OpenAsync(node, next);
        UploadResult stale = await UploadAsync(node, plan, "a4", Payload(4));
        await UploadManyAsync(node, next, 0, 3);
        ClosedRound second = await node.CloseRoundAsync(next.Key, Cancellation);

        Assert.Equal((UploadOutcome.StaleRound, UploadOutcome.StaleRound), (late.Outcome, stale.Outcome));
        Assert.Same(closed, again);
        Assert.Equal(closed.Sections[0].Single, second.Sections[0].Single);
        await node.ForgetRoundAsync(next.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Theory]
    [InlineData("multi-krum")]
    [InlineData("nnm+caf")]
    [InlineData("flag")]
    public async Task CloseRound_ClaimedWeights_ChangeNoJudgement(string rule)
    {
        Options.SlotCount = 16;
        AggregatorNode node = await StartAsync();
        var trust = new List<double[]>();
        foreach (double weight in new[] { 1.0, 900.0 })
        {
            RoundPlan plan = Robust(rule, 1, 5) with { Key = Plan(round: 1 + trust.Count).Key };
            await OpenAsync(node, plan);
            Assert.Equal(UploadOutcome.Stored, (await UploadAsync(node, plan, "a4", Payload(4), weight)).Outcome);
            await UploadManyAsync(node, plan, 0, 4);
            trust.Add([.. (await node.CloseRoundAsync(plan.Key, Cancellation)).Scores.Select(score => score.Trust)]);
            await node.ForgetRoundAsync(plan.Key, Cancellation);
        }

        Assert.Equal(trust[0], trust[1]);
    }

    [Fact]
    public async Task AbandonRound_WhileInnerProductsGrow_FreesTheUpdates()
    {
        Options.SlotCount = 16;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("flag", 0, 12);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 12);

        await node.AbandonRoundAsync(plan.Key, "stopped.", Cancellation);

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task OpenRound_AfterARestartBetweenCloseAndForget_RecoversEveryUpdate()
    {
        RoundPlan plan = Robust("median", 1, 3);
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await UploadManyAsync(first, plan, 0, 3);
        ClosedRound before = await first.CloseRoundAsync(plan.Key, Cancellation);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);
        ClosedRound after = await second.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(3, reopened.Recovered.Count);
        Assert.Empty(reopened.Lost);
        Assert.Equal(before.Sections[0].Single, after.Sections[0].Single);
        await second.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(second);
    }

    [Fact]
    public async Task AbandonRound_UpdatesKept_FreesThem()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("krum", 1, 3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 3);

        await node.AbandonRoundAsync(plan.Key, "stopped.", Cancellation);

        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task CloseRound_TooFewUpdates_SaysWhichNumberIsWrong()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("krum", 1, 3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 2);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => node.CloseRoundAsync(plan.Key, Cancellation));

        Assert.Contains("at least 3 updates", fault.Message, StringComparison.Ordinal);
        await node.AbandonRoundAsync(plan.Key, "too few.", Cancellation);
        AssertPoolIsFree(node);
    }

    [Theory]
    [InlineData("krum", 5, "at least 11 updates")]
    [InlineData("crum", 0, "There is no rule 'crum'")]
    public async Task OpenRound_RuleThatDoesNotFit_IsRefusedWithTheNumber(string rule, int byzantine, string expected)
    {
        AggregatorNode node = await StartAsync();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(node, Robust(rule, byzantine, 3)));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClosePartial_UpdatesKept_IsRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("median", 1, 3);
        await OpenAsync(node, plan);
        await UploadManyAsync(node, plan, 0, 3);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => node.ClosePartialAsync(plan.Key, Cancellation));

        Assert.Contains("no sums to hand over", fault.Message, StringComparison.Ordinal);
        await node.AbandonRoundAsync(plan.Key, "stopped.", Cancellation);
        AssertPoolIsFree(node);
    }

    [Theory]
    [InlineData("median", "exact", 1000L, "its ranges of 3 updates of the other 1 nodes, 6144 bytes; Aggregator:ExchangeBytes is 1000")]
    [InlineData("median", "sketch", 1L << 30, "reduces each coordinate over all updates, and for sketches")]
    public async Task OpenRound_TreeThatCannotExchange_IsRefusedWithTheNumbers(string rule, string exchange, long most, string expected)
    {
        Options.ExchangeBytes = most;
        AggregatorNode node = await StartAsync();
        TreePlan single = TreePlan.Single(node.NodeId, 3, 1);
        TreePlan two = single with { Nodes = [.. single.Nodes, new TreeNode("node-2", TreeRole.Leaf, node.NodeId, 3, 1)] };

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => node.OpenRoundAsync(Robust(rule, 1, 6) with { Exchange = exchange }, two, Stored.Add, Cancellation));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRound_SectionThatARuleCannotTake_IsRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Robust("median", 0, 3) with { Sections = [SectionSpecs.Dense(SectionRole.Counts, SectionDType.I64, 4, SectionDenominator.Updates)] };

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(node, plan));

        Assert.Contains("section Counts of I64", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RetainedBytes_OfThePlan_AreThoseOfAllItsUpdates()
    {
        Assert.Equal(0, Plan().RetainedBytes);
        Assert.Equal(7 * 64 * 1024, Robust("median", 1, 7).RetainedBytes);
    }

    private static RoundPlan Robust(string rule, int byzantine, int updates) => Plan() with
    {
        Rule = rule,
        Byzantine = byzantine,
        RuleSeed = 7,
        Timing = AggregationTimings.Lazy,
        ExpectedUpdates = updates,
    };

    private async Task UploadManyAsync(AggregatorNode node, RoundPlan plan, int from, int count)
    {
        for (int i = from; i < from + count; i++)
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

    private static float Median(int k, params int[] seeds) => seeds.Select(seed => Value(seed, k)).Order().ElementAt(seeds.Length / 2);

    private static float Value(int seed, int k) => MemoryMarshal.Cast<byte, float>(Payload(seed))[k];
}
