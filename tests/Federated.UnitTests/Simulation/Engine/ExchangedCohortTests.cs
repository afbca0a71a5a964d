using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Functions;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.Simulation.Engine;
using Federated.UnitTests.Aggregation.Robust;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>Rounds on several nodes, whose messages travel as bytes, against the same round on one.</summary>
public sealed class ExchangedCohortTests
{
    private const int F = 2;
    private const int Length = 4500;
    private const int Statistics = 30;

    private static readonly ImmutableArray<SectionSpec> Sections =
    [
        SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Length, SectionDenominator.Weight),
        SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, Statistics, SectionDenominator.Updates),
    ];

    private static readonly ImmutableArray<UpdateForm> Forms = [new UpdateForm("worker", [0, 1]), new UpdateForm("bare", [0])];
    private static readonly float[][] Updates = Attacked(19);

    public static TheoryData<string> Rules =>
    [
        .. RuleCatalog.Rules.Select(rule => rule.Name).Where(name => name != "mean"),
        "nnm+mean", "nnm+trimmed-mean", "nnm+flag", "arc+multi-krum", "bucketing:size=2+median", "nnm+bulyan", "nnm+signguard", "clipping+dnc", "bucketing+centred-clipping:radius=10",
    ];

    public static TheoryData<string> SketchedRules =>
        ["nnm+flag", "krum", "multi-krum", "nnm+mean", "geometric-median", "centred-clipping:radius=30", "caf", "mda", "clipped-clustering", "monna", "signguard", "dnc"];

    // Every rule, trees of two to seven nodes, and the rounds that drop-outs leave: the aggregate, coefficients and scores are those of one node.
    [Theory]
    [MemberData(nameof(Rules))]
    public void Report_ExactOnSeveralNodes_IsTheFlatAggregate(string rule)
    {
        foreach ((int nodes, int updates) in new[] { (2, 19), (3, 15), (4, 19), (7, 13) })
        {
            RoundAggregate flat = Flat(rule, updates);
            RoundAggregate several = Several(Plan(rule, updates, ExchangeModes.Exact), nodes, updates).Aggregate;

            Assert.Equal(flat.Included.Select(update => update.AssignmentId), several.Included.Select(update => update.AssignmentId));
            for (int section = 0; section < Sections.Length; section++)
            {
                AssertClose(flat.Sections[section].Single, several.Sections[section].Single, 1e-5, $"{nodes} nodes, {updates} updates");
                Assert.Equal(flat.Sections[section].Divisor, several.Sections[section].Divisor);
            }

            Assert.Equal(flat.Scores.Select(score => score.Coefficient), several.Scores.Select(score => score.Coefficient), AreClose);
            Assert.Equal(flat.Scores.Select(score => (double?)score.Trust), several.Scores.Select(score => (double?)score.Trust), AreClose);
        }
    }

    // The last aggregate is a vector like any other, of which every owner has its range; the top adds its share.
    [Theory]
    [InlineData("centred-clipping:radius=30", ExchangeModes.Exact, 1e-5)]
    [InlineData("nnm+centred-clipping:radius=30", ExchangeModes.Exact, 1e-5)]
    [InlineData("centred-clipping:radius=30", ExchangeModes.Sketch, 0.03)]
    public void Report_RuleThatStartsFromTheLastAggregate_IsTheFlatAggregate(string rule, string exchange, double bound)
    {
        var centres = new Dictionary<SectionRole, ReadOnlyMemory<float>> { [SectionRole.Delta] = Updates[3].AsMemory(0, Length) };
        RoundAggregate flat = Flat(rule, 19, centres);

        AssertClose(flat.Sections[0].Single, Several(Plan(rule, 19, exchange) with { SketchError = 0.005 }, 4, 19, centres).Aggregate.Sections[0].Single, bound, exchange);
        Assert.NotEqual(Flat(rule, 19).Sections[0].Single, flat.Sections[0].Single);
    }

    [Theory]
    [InlineData(ExchangeModes.Exact)]
    [InlineData(ExchangeModes.Sketch)]
    public void Report_MoreNodesThanUpdates_Works(string exchange)
    {
        RoundAggregate flat = Flat("multi-krum", 9);

        AssertClose(flat.Sections[0].Single, Several(Plan("multi-krum", 9, exchange), 12, 9).Aggregate.Sections[0].Single, 1e-5, exchange);
    }

    [Theory]
    [MemberData(nameof(SketchedRules))]
    public void Report_Sketched_IsNearTheFlatAggregateAndMovesOneModelANode(string rule)
    {
        const double Error = 0.005;
        RoundAggregate flat = Flat(rule, 19);
        (RoundAggregate several, TreeFigures figures, _) = Several(Plan(rule, 19, ExchangeModes.Sketch) with { SketchError = Error }, 4, 19);

        AssertClose(flat.Sections[0].Single, several.Sections[0].Single, 0.03, rule);
        AssertClose(flat.Sections[1].Single, several.Sections[1].Single, 1e-5, "absolute values are exact");
        long sums = figures.BytesBetween - figures.BytesOfFirstPass;
        Assert.InRange(sums, 3L * 4 * Length, (3L * 4 * Length) + 3000);
    }

    // What sketches cost does not grow with the model.
    [Fact]
    public void Report_Sketched_FirstPassIsTheSketches()
    {
        (_, TreeFigures figures, int away) = Several(Plan("nnm+flag", 19, ExchangeModes.Sketch) with { SketchError = 0.1 }, 4, 19);
        long sketches = 4L * away * CountSketch.WidthFor(0.1);

        Assert.InRange(figures.BytesOfFirstPass, sketches, sketches + (away * 4 * Statistics) + 12_000);
    }

    // The error of an inner product is known; that of coefficients follows from it, and grows with the target.
    [Fact]
    public void Report_SketchedCoefficients_AreWithinTheirTargetOnAverage()
    {
        double[] flat = [.. Flat("nnm+geometric-median", 19).Scores.Select(score => score.Coefficient!.Value)];
        double ErrorAt(double target) => Enumerable.Range(1, 5).Average(round =>
        {
            RoundPlan plan = Plan("nnm+geometric-median", 19, ExchangeModes.Sketch) with { SketchError = target, RuleSeed = (ulong)round };
            double[] found = [.. Several(plan, 4, 19).Aggregate.Scores.Select(score => score.Coefficient!.Value)];
            return Math.Sqrt(flat.Zip(found, (a, b) => (a - b) * (a - b)).Sum() / flat.Sum(c => c * c));
        });

        Assert.InRange(ErrorAt(0.01), 0, 0.02);
        Assert.InRange(ErrorAt(0.1), 0, 0.3);
    }

    [Fact]
    public void Report_TooFewUpdates_SaysWhichNumberIsWrong()
    {
        var fault = Assert.Throws<ArgumentException>(() => Several(Plan("krum", 4, ExchangeModes.Exact), 3, 4));

        Assert.Contains("at least 5 updates", fault.Message, StringComparison.Ordinal);
    }

    private static RoundPlan Plan(string rule, int updates, string exchange) => new(
        new RoundKey("tenant", "job", 3, TaskKind.Train), 1, "schema", Sections, rule, 4 * (Length + Statistics), updates, Forms: Forms, Timing: AggregationTimings.Lazy,
        Byzantine: F, RuleSeed: 5, Exchange: exchange);

    private static RoundAggregate Flat(string rule, int updates, Dictionary<SectionRole, ReadOnlyMemory<float>>? centres = null)
    {
        RoundPlan plan = Plan(rule, updates, ExchangeModes.Exact);
        var cohort = new RetainedCohort(Forms, new RetainedAggregation(Sections, RuleCatalog.Create(rule, F), plan.RuleSeed));
        cohort.Begin(plan.Key, centres);
        Fill(cohort, plan, updates);
        return cohort.Report();
    }

    private static (RoundAggregate Aggregate, TreeFigures Figures, int Away) Several(
        RoundPlan plan, int nodes, int updates, Dictionary<SectionRole, ReadOnlyMemory<float>>? centres = null)
    {
        var tier = new SimulatedTier(Sections, nodes);
        var cohort = new ExchangedCohort(tier);
        cohort.Begin(centres is null ? plan : plan with { Centres = centres, Centred = [.. centres.Keys] });
        Fill(cohort, plan, updates);
        RoundAggregate aggregate = cohort.Report();
        return (aggregate, tier.Figures, aggregate.Included.Count(update => update.NodeId != tier.Tree.Top.NodeId));
    }

    private static void Fill(ICohortAggregate cohort, RoundPlan plan, int updates)
    {
        for (int i = 0; i < updates; i++)
        {
            // The order of arrival is not that of the ids; some updates lack the statistics.
            int number = (i * 7) % 19;
            string role = number % 5 == 4 ? "bare" : "worker";
            ReadOnlySpan<byte> payload = MemoryMarshal.AsBytes(Updates[number].AsSpan(0, role == "bare" ? Length : Length + Statistics));
            cohort.Add(payload, new UpdateCommitted(
                plan.Key, $"a{number:00}", $"device-{number}", "node", "", payload.Length, 0, 1 + (number % 4), 1, 0.5, 0, 0, role));
        }
    }

    private static float[][] Attacked(int count)
    {
        float[][] updates = RobustData.Updates(count, Length + Statistics, noise: 1, seed: 12);
        var random = new CounterRandom(3, RandomPurpose.Test);
        foreach (int attacker in new[] { 5, 14 })
        {
            for (int i = 0; i < updates[attacker].Length; i++)
            {
                updates[attacker][i] = (-10 * updates[attacker][i]) + (float)random.NextDouble();
            }
        }

        return updates;
    }

    private static bool AreClose(double? a, double? b) => a is null ? b is null : Math.Abs(a.Value - b!.Value) <= 1e-4 * Math.Max(1, Math.Abs(a.Value));

    private static void AssertClose(float[] expected, float[] actual, double relative, string what)
    {
        double difference = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum()) / Math.Sqrt(expected.Sum(a => (double)a * a));
        Assert.True(expected.Length == actual.Length && difference <= relative, $"{what}: relative difference {difference:G3}, {expected.Length} and {actual.Length} values");
    }
}
