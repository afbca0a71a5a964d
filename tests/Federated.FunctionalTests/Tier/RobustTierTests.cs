using System.Text.Json.Nodes;
using Federated.Aggregation.Robust.Catalog;

namespace Federated.FunctionalTests.Tier;

/// <summary>Jobs over three nodes under rules other than the mean: the models are those that one node makes of the same updates, and so are the scores.</summary>
public sealed class RobustTierTests
{
    private const int Disturbed = 2;
    private const int Byzantine = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly float[] Shifts = [1, 2, 3, 4, 5, 60];

    [Theory]
    [InlineData("flag", "exact", 1e-4)]
    [InlineData("median", "exact", 1e-4)]
    [InlineData("nnm+bulyan", "exact", 1e-4)]
    [InlineData("flag", "sketch", 0.5)]
    public Task Job_RuleOnThreeNodes_MakesTheModelOfOneNode(string rule, string exchange, double tolerance) => TierWorld.WithAsync(new TierSetup(), async world =>
    {
        float[] shifts = rule.Contains("bulyan", StringComparison.Ordinal) ? [.. Shifts, 6, 7] : Shifts;
        Task running = await world.RunAsync(JobOf(rule, exchange, shifts) with { Tolerance = tolerance });
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal([shifts.Length, shifts.Length], await world.CheckAsync());
        IReadOnlyList<(double? Coefficient, double Trust)> told = await world.TrustAsync(round: 1);
        RobustAggregate one = Flat(rule, await world.UpdatesAsync(round: 1)).Report;
        double slack = exchange == "exact" ? 1e-3 : 0.2;
        Assert.Equal(one.Scores, told.Select(score => score.Trust), (a, b) => Math.Abs(a - b) <= slack * Math.Max(1, Math.Abs(a)));
        Assert.Equal(one.Coefficients is null, told.All(score => score.Coefficient is null));
        if (one.Coefficients is { } coefficients)
        {
            Assert.Equal(coefficients, told.Select(score => score.Coefficient!.Value), (a, b) => Math.Abs(a - b) <= slack);
        }
    });

    // Each round after the first starts where the last one ended; the server gives that to the nodes.
    [Fact]
    public Task Job_CentredClippingOnThreeNodes_StartsFromTheLastAggregate() => TierWorld.WithAsync(new TierSetup(), async world =>
    {
        ReadOnlyMemory<float>? centre = null;
        const string Rule = "centred-clipping:radius=20";
        Task running = await world.RunAsync(JobOf(Rule, "exact", Shifts) with
        {
            Rounds = 3,
            Combine = updates => [.. (centre = Flat(Rule, updates, centre).Aggregate).Value.Span],
        });
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal([6, 6, 6], await world.CheckAsync());
    });

    // What devices send from the second round on are corrections, which no rule can compare: the server has every one, and the rule judges the estimates that they make.
    [Theory]
    [InlineData("flag", "exact")]
    [InlineData("multi-krum", "sketch")]
    public Task Job_EstimatesOnThreeNodes_AreAggregatedByTheServer(string rule, string exchange) => TierWorld.WithAsync(new TierSetup(), async world =>
    {
        Task running = await world.RunAsync(JobOf(rule, exchange, Shifts) with { Rounds = 3, Compression = new { up = "topk:0.5+ef21" } });
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal([6, 6, 6], await world.CheckAsync());
        Assert.Equal(6, (await world.TrustAsync(round: 3)).Count);
    });

    // The top has its list, and a node is killed before the server has its updates. What its devices told in the first round still stands: the rule judges the estimates of all.
    [Fact]
    public Task KillOfANode_ThatHasNotHandedItsUpdatesOver_ClosesWithTheRest() => TierWorld.WithAsync(new TierSetup { AsProcesses = true, NodeLossAfter = TierSetup.SoonLost }, async world =>
    {
        TierJob job = JobOf("median", "exact", Shifts);
        Task running = await world.RunAsync(job with
        {
            HoldInRound = Disturbed,
            Minimum = 3,
            Compression = new { up = "topk:0.5+ef21" },
            Combine = updates => Flat("median", [.. Shifts.Select(shift => updates[0].Select((_, k) => job.Pattern(shift, k)).ToArray())]).Aggregate,
        });
        JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
        TierNode lost = world.Nodes.First(node => (string?)tree["top"] != node.Id);
        await lost.Process!.KillAsync();
        world.Release();
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal(2, (await world.CheckAsync()).Count);
    });

    // The nodes have closed and cannot tell the top, when one of them is killed.
    [Theory]
    [InlineData("multi-krum")]
    [InlineData("median")]
    public Task KillOfANode_WhileThePassesRun_ClosesWithTheRest(string rule) => TierWorld.WithAsync(new TierSetup { AsProcesses = true, NodeLossAfter = TierSetup.SoonLost }, async world =>
    {
        Task running = await world.RunAsync(JobOf(rule, "exact", Shifts) with { HoldInRound = Disturbed, Minimum = 3 });
        JsonObject tree = await world.UntilOneIsMissingAsync(Disturbed, running).WaitAsync(Patience, TierWorld.Cancellation);
        TierNode top = world.Nodes.First(node => (string?)tree["top"] == node.Id);
        Task refused = top.Cable.Cut();
        world.Release();
        await refused.WaitAsync(Patience, TierWorld.Cancellation);
        await world.Nodes.First(node => node != top).Process!.KillAsync();
        await world.UntilReplannedAsync(Disturbed, tree).WaitAsync(Patience, TierWorld.Cancellation);
        top.Cable.Heal();
        await running.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.Equal([6, 4], await world.CheckAsync());
    });

    private static TierJob JobOf(string rule, string exchange, float[] shifts) => new(2, shifts)
    {
        // Three ranges, one for each node.
        Features = 200,
        Aggregation = new { rule, byzantine = Byzantine, exchange, sketchError = 0.001 },
        Pattern = static (shift, k) => shift * (1 + (0.3f * MathF.Sin(k * shift))),
        Combine = updates => Flat(rule, updates).Aggregate,
    };

    private static (float[] Aggregate, RobustAggregate Report) Flat(string rule, IReadOnlyList<float[]> updates, ReadOnlyMemory<float>? centre = null)
    {
        float[] aggregate = new float[updates[0].Length];
        RobustAggregate report = RuleCatalog.Create(rule, Byzantine).Aggregate(
            new RobustInput { Updates = [.. updates.Select(update => (ReadOnlyMemory<float>)update)], Centre = centre }, aggregate);
        return (aggregate, report);
    }
}
