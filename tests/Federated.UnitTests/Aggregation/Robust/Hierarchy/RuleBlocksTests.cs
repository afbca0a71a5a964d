using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Hierarchy;

namespace Federated.UnitTests.Aggregation.Robust.Hierarchy;

/// <summary>Statistics and verdicts that travelled, against those that did not.</summary>
public sealed class RuleBlocksTests
{
    private const int F = 2;
    private const int Length = 3000;

    private static readonly float[][] Updates = RobustData.Updates(11, Length, noise: 1, seed: 4);

    public static TheoryData<string> Rules =>
        [.. RuleCatalog.Rules.Select(rule => rule.Name), "nnm+trimmed-mean", "bucketing:size=2+median", "nnm+bulyan", "arc+dnc"];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Judge_AfterTravelling_DecidesTheSame(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, text.Contains("bulyan", StringComparison.Ordinal) ? 2 : F);
        RobustInput round = new() { Updates = [.. Updates.Select((update, i) => (ReadOnlyMemory<float>)(i == 3 ? Spoiled(update) : update))], Seed = 5, Round = 2 };
        RuleStatistics measured = rule.Measure(round, 0, Length);
        RuleVerdict here = rule.Judge(measured, round);

        RuleVerdict there = rule.Judge(StatisticsBlocks.Read(Travelled(ExchangeKind.Findings, StatisticsBlocks.Of(3, measured)), Updates.Length), round);
        IReadOnlyList<ExchangeBlock> verdict = Travelled(ExchangeKind.Verdict, VerdictBlocks.Of(3, there, [.. Enumerable.Range(0, Updates.Length)]));

        float[] expected = new float[Length], aggregate = new float[Length];
        here.Combine(round.Updates, expected);
        if (rule.Reduces)
        {
            VerdictBlocks.Reduction(verdict, rule, Updates.Length).Combine(round.Updates, aggregate);
        }
        else
        {
            double[] coefficients = VerdictBlocks.Coefficients(verdict, Updates.Length);
            Assert.Equal(here.Coefficients!.Take(Updates.Length), coefficients);
            Federated.Aggregation.Linear.WeightedSum.Compute(round.Updates, coefficients, aggregate);
        }

        Assert.Equal(expected, aggregate);
        Assert.Equal(here.Scores, there.Scores);
    }

    [Fact]
    public void Reorder_Statistics_AreThoseOfTheUpdatesInThatOrder()
    {
        RobustRule rule = RuleCatalog.Create("centred-clipping", 0);
        int[] order = [4, 0, 2, 1, 3];
        RobustInput Of(IEnumerable<int> positions) =>
            new() { Updates = [.. positions.Select(i => (ReadOnlyMemory<float>)Updates[i])], Centre = Updates[9], Seed = 5, Round = 2 };

        RuleStatistics reordered = rule.Measure(Of([0, 1, 2, 3, 4]), 0, Length).Reorder(order);

        Assert.Equal(rule.Measure(Of(order), 0, Length).Gram!.Products.ToArray(), reordered.Gram!.Products.ToArray(), (a, b) => Math.Abs(a - b) <= 1e-9 * Math.Abs(b));
    }

    [Theory]
    [InlineData(new double[] { 0, 1, 11 }, "not among the 11")]
    [InlineData(new double[] { 0, 1, 1 }, "or one twice")]
    [InlineData(new[] { 0, 1.5 }, "not among the 11")]
    [InlineData(new double[] { }, "0 sources")]
    public void Reduction_ImpossibleSources_AreRefused(double[] sources, string expected)
    {
        ExchangeBlock[] blocks = [ExchangeBlock.OfNumbers(0, ExchangeContent.Dropped, 1, []), ExchangeBlock.OfNumbers(0, ExchangeContent.Sources, 1, sources)];

        var fault = Assert.Throws<InvalidDataException>(() => VerdictBlocks.Reduction(blocks, RuleCatalog.Create("median", 1), 11));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_StatisticsOfOtherUpdates_AreRefused()
    {
        RobustRule rule = RuleCatalog.Create("flag", 0);
        ExchangeBlock[] blocks = [.. StatisticsBlocks.Of(0, rule.Measure(new RobustInput { Updates = [Updates[0], Updates[1]] }, 0, Length))];

        Assert.Throws<InvalidDataException>(() => StatisticsBlocks.Read(blocks, 3));
        Assert.Throws<InvalidDataException>(() => StatisticsBlocks.Read(blocks[1..], 2));
        Assert.Throws<InvalidDataException>(() => VerdictBlocks.Coefficients(blocks, 2));
    }

    private static float[] Spoiled(float[] update)
    {
        float[] spoiled = [.. update];
        spoiled[7] = float.NaN;
        return spoiled;
    }

    private static IReadOnlyList<ExchangeBlock> Travelled(ExchangeKind kind, IEnumerable<ExchangeBlock> blocks)
    {
        var reader = new ExchangeReader(kind, _ => null);
        reader.Append(ExchangeFormatTests.Written(new ExchangeWriter(kind, [.. blocks]), 1000));
        return reader.Blocks;
    }
}
