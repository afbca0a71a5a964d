using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class LayerBudgetsTests
{
    private static readonly ImmutableArray<PrunableLayer> Layers = PrunableLayer.Of(PruningModels.Deep);

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.01)]
    [InlineData(0.05)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Pool_EveryCandidate_SumsUpToTheBudgetExactly(double density)
    {
        int total = LayerBudgets.Total(Layers, density);

        ImmutableArray<ImmutableArray<int>> pool = LayerBudgets.Pool(Layers, total, 30, seed: 5);

        Assert.All(pool, counts => Assert.Equal(total, counts.Sum()));
        Assert.All(pool, counts => Assert.All(counts.Zip(Layers), pair => Assert.InRange(pair.First, pair.Second.Fewest, pair.Second.Count)));
        Assert.InRange(pool.Select(counts => string.Join(",", counts)).Distinct().Count(), density is 1 ? 1 : density < 0.01 ? 5 : 30, density is 1 ? 1 : 30);
    }

    [Fact]
    public void Uniform_TenPercent_IsTenPercentOfEveryLayer()
    {
        ImmutableArray<int> counts = LayerBudgets.Uniform(Layers, LayerBudgets.Total(Layers, 0.1));

        Assert.All(counts.Zip(Layers), pair => Assert.InRange(pair.First / (double)pair.Second.Count, 0.095, 0.105));
    }

    [Fact]
    public void ErdosRenyi_TwoLayers_FollowsTheFormulaAndFillsTheSmallOne()
    {
        // Ratios (16+3+3+3)/432 and (64+64+3+3)/36864: at 10 % λ fills the first layer, and the rest goes to the second.
        ImmutableArray<PrunableLayer> two = PrunableLayer.Of(new ModelSchema([new("a", [16, 3, 3, 3]), new("b", [64, 64, 3, 3])]));
        Assert.Equal([432, 3298], LayerBudgets.ErdosRenyi(two, 3730));

        // At 0.3 % none is full: the shares are 25 : 134.
        ImmutableArray<int> few = LayerBudgets.ErdosRenyi(two, 112);
        Assert.Equal(112, few.Sum());
        Assert.InRange(few[0], 17, 18);
    }

    [Fact]
    public void Total_TooLittleForEveryLayer_SaysWhatIsNeeded()
    {
        var error = Assert.Throws<ArgumentException>(() => LayerBudgets.Total(Layers, 0.0001));

        Assert.Contains("at least 31", error.Message, StringComparison.Ordinal);
    }
}
