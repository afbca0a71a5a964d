using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Hierarchy;

namespace Federated.UnitTests.Aggregation.Robust.Hierarchy;

/// <summary>Updates that lie on several nodes, aggregated without bringing them together, against all of them on one.</summary>
public sealed class HierarchyTests
{
    private const int F = 2;
    private const int Length = 5000;

    private static readonly int[] NodeSizes = [5, 3, 4];
    private static readonly float[][] Updates = Attacked();

    public static TheoryData<string> Rules =>
        [.. RuleCatalog.Rules.Select(rule => rule.Name), "nnm+trimmed-mean", "nnm+flag", "arc+multi-krum", "bucketing:size=2+median", "nnm+bulyan", "nnm+signguard"];

    public static TheoryData<string> GramRules =>
        ["flag", "nnm+flag", "krum", "multi-krum", "nnm+mean", "geometric-median", "centred-clipping:radius=30", "caf", "mda", "clipped-clustering", "monna"];

    // Each shard owner has the pieces of all updates, and the statistics of the shards add up.
    [Theory]
    [MemberData(nameof(Rules))]
    public void Exact_ScatterByRange_EqualsTheFlatAggregate(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, F);
        RobustInput round = Round();
        float[] flat = new float[Length], aggregate = new float[Length];
        rule.Aggregate(round, flat);
        ParameterRange[] shards = ParameterRange.Cut(Length, 3);

        RuleStatistics statistics = shards.Select(shard => rule.Measure(Piece(round, shard), shard.From, Length)).Aggregate((sum, shard) => sum.Plus(shard));
        RuleVerdict verdict = rule.Judge(statistics, round);
        foreach (ParameterRange shard in shards)
        {
            RobustInput piece = Piece(round, shard);
            verdict.Combine(rule.UsesCentre ? [.. piece.Updates, piece.Centre!.Value] : piece.Updates, aggregate.AsSpan(shard.From..shard.To));
        }

        AssertClose(flat, aggregate, 1e-5);
    }

    // Nodes keep their updates: sketches in pass 1, one weighted sum of each node in pass 2.
    [Theory]
    [MemberData(nameof(GramRules))]
    public void Sketched_WideSketch_IsNearTheFlatAggregate(string text)
    {
        RobustRule rule = RuleCatalog.Create(text, F);
        RobustInput round = Round();
        float[] flat = new float[Length];
        rule.Aggregate(round, flat);

        float[] aggregate = Sketched(rule, round, new CountSketch(99, round.Round, 200_000));

        // A standard error of 0.003 of an inner product; Flag magnifies it where its subspace ends among equals.
        AssertClose(flat, aggregate, text == "flag" ? 0.06 : 0.02);
    }

    [Fact]
    public void Sketched_OneNode_IsExact()
    {
        RobustRule rule = RuleCatalog.Create("nnm+flag", F);
        RobustInput round = Round();

        RuleStatistics joined = NodeStatistics.Join([NodeStatistics.Measure(rule, round, Length, new CountSketch(1, 1, 1))]);

        Assert.Equal(rule.Measure(round, 0, Length).Gram!.Products, joined.Gram!.Products);
    }

    [Fact]
    public void Join_ProductsInsideANode_AreExactAndNormsStay()
    {
        RobustRule rule = RuleCatalog.Create("centred-clipping", 0);
        RobustInput round = Round();
        GramMatrix flat = rule.Measure(round, 0, Length).Gram!;

        GramMatrix joined = NodeStatistics.Join([.. Nodes(round).Select(node => NodeStatistics.Measure(rule, node, Length, new CountSketch(5, 1, CountSketch.WidthFor(0.02))))]).Gram!;

        Assert.Equal(flat.Count, joined.Count);
        for (int i = 0; i < flat.Count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                // Six standard errors; the row of the update that was dropped holds no numbers.
                double tolerance = i == j || i == 12 ? 1e-5 * flat[i, j] : 6 * 0.02 * flat.Norm(i) * flat.Norm(j);
                Assert.True(double.IsNaN(flat[i, j]) || Math.Abs(flat[i, j] - joined[i, j]) <= Math.Abs(tolerance), $"{i}, {j}: {joined[i, j]} instead of {flat[i, j]}");
            }
        }
    }

    [Fact]
    public void Nearest_EstimatedMatrix_HasNoNegativeEigenvalueAndItsDiagonal()
    {
        // Three unit vectors cannot be this far from each other.
        GramMatrix nearest = PositiveGram.Nearest(new GramMatrix([1, -0.9, -0.9, -0.9, 1, -0.9, -0.9, -0.9, 1]));

        Assert.True(new SymmetricEigen(nearest.Products, 3).Values[2] > -1e-9);
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(1, nearest[i, i]));
        Assert.Equal(-0.5, nearest[0, 1], 1e-9);
    }

    [Theory]
    [InlineData(11_700_000, 3)]
    [InlineData(100, 7)]
    [InlineData(0, 2)]
    [InlineData(4096, 4)]
    public void Cut_AnyModel_CoversItOnce(int length, int shards)
    {
        ParameterRange[] ranges = ParameterRange.Cut(length, shards);

        Assert.Equal(length, ranges.Sum(range => range.Length));
        Assert.All(ranges.Skip(1).Zip(ranges), pair => Assert.Equal(pair.Second.To, pair.First.From));
        Assert.True(ranges.Length <= shards);
    }

    private static float[] Sketched(RobustRule rule, RobustInput round, CountSketch sketch)
    {
        RobustInput[] nodes = Nodes(round);
        RuleStatistics statistics = NodeStatistics.Join([.. nodes.Select(node => NodeStatistics.Measure(rule, node, Length, sketch))]);
        double[] coefficients = [.. rule.Judge(statistics, round).Coefficients!];

        // Every node ships one weighted sum; the top adds them, and the centre's share.
        var sums = new List<ReadOnlyMemory<float>>();
        int first = 0;
        foreach (RobustInput node in nodes)
        {
            float[] sum = new float[Length];
            WeightedSum.Compute(node.Updates, coefficients.AsSpan(first, node.Updates.Count), sum);
            sums.Add(sum);
            first += node.Updates.Count;
        }

        double[] shares = [.. sums.Select(_ => 1.0), .. coefficients[first..]];
        float[] aggregate = new float[Length];
        WeightedSum.Compute(rule.UsesCentre ? [.. sums, round.Centre!.Value] : sums, shares, aggregate);
        return aggregate;
    }

    private static RobustInput Round() => new()
    {
        Updates = RobustData.Memories(Updates),
        Centre = RobustData.Updates(1, Length, noise: 0.2, seed: 51)[0],
        Seed = 4,
        Round = 2,
    };

    private static RobustInput[] Nodes(RobustInput round)
    {
        int first = 0;
        return [.. NodeSizes.Select(size => round with { Updates = [.. round.Updates.Skip((first += size) - size).Take(size)] })];
    }

    private static RobustInput Piece(RobustInput round, ParameterRange range) => round with
    {
        Updates = [.. round.Updates.Select(range.Of)],
        Centre = range.Of(round.Centre!.Value),
    };

    // Eleven around a direction, one of them turned and one that is not finite; the pairs of one node are no nearer than those of two.
    private static float[][] Attacked()
    {
        float[][] updates = RobustData.Updates(12, Length, noise: 0.7, seed: 51);
        updates[6] = [.. updates[6].Select(value => -3 * value)];
        updates[10][11] = float.NaN;
        return updates;
    }

    private static void AssertClose(float[] expected, float[] actual, double relative) =>
        RobustData.AssertClose([.. expected.Select(value => (double)value)], [.. actual.Select(value => (double)value)], relative);
}
