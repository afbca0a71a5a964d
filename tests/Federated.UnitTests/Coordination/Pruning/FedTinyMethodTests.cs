using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class FedTinyMethodTests
{
    private static readonly ModelSchema Schema = PruningModels.Deep;

    [Theory]
    [InlineData(0.005, 1)]
    [InlineData(0.05, 2)]
    [InlineData(0.1, 3)]
    [InlineData(0.9, 4)]
    public void Next_EveryRoundOfARun_KeepsTheBudgetAndGrowsOnlyWhatWasInactive(double density, ulong seed)
    {
        IPruningMethod method = Method(density, seed);
        int total = LayerBudgets.Total(PrunableLayer.Of(Schema), density);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[(int)seed % 3];
        Assert.Equal((total, 1), (mask.ActiveCount, mask.Epoch));
        int adjustments = 0;

        for (int round = 1; round <= 40; round++)
        {
            ModelMask next = method.Next(Round(method, mask, round));

            Assert.Equal(total, next.ActiveCount);
            foreach (LayerChange change in MaskDifference.Between(mask, next).Layers)
            {
                Assert.Equal(change.Dropped.Length, change.Grown.Length);
                Assert.All(change.Grown, index => Assert.False(mask.IsActive(change.Layer, index)));
                Assert.Contains(change.Layer, method.DemandFor(round, mask).Layers.Select(layer => layer.Layer));
                adjustments++;
            }

            Assert.Equal(ReferenceEquals(mask, next) ? mask.Epoch : mask.Epoch + 1, next.Epoch);
            Assert.True(round <= 20 || ReferenceEquals(mask, next));
            mask = next;
        }

        Assert.InRange(adjustments, 1, 40);
    }

    [Fact]
    public void Next_OneLayer_DropsTheSmallestWeightsAndGrowsTheLargestGradients()
    {
        var schema = new ModelSchema([new("w", [2, 10])]);
        IPruningMethod method = new FedTinyFactory().Create(new PruningSettings { Density = 0.5, Alpha = 1, AdjustEvery = 1, StopAdjusting = 2, Blocks = 1 }, schema, 1);
        ModelMask mask = ModelMask.Create(schema, 1, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
        float[] weights = [5, -0.1f, 4, 0.1f, 3, 0.1f, 2, 6, 7, 0.2f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        float[] gradients = [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 1, -2, 0, 2, 0.5f, 1, 0, 3, 0];

        // f(1) = 1/2 (1 + cos π/2) = 1/2: five of ten. Weights of equal size go from the lowest index; gradients of equal size come from the lowest index.
        ModelMask next = method.Next(new PruningRound(1, mask, weights, weights, method.DemandFor(1, mask), [gradients]));

        Assert.Equal([0, 2, 4, 7, 8, 11, 12, 14, 16, 18], next.Active(0).ToArray());
    }

    [Fact]
    public void Next_FewerGradientsThanDemanded_MovesOnlySoMany()
    {
        var schema = new ModelSchema([new("w", [2, 10])]);
        IPruningMethod method = new FedTinyFactory().Create(new PruningSettings { Density = 0.5, Alpha = 1, AdjustEvery = 1, StopAdjusting = 2, Blocks = 1 }, schema, 1);
        ModelMask mask = ModelMask.Create(schema, 1, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
        float[] weights = [3, 2, 1, 3, 3, 3, 3, 3, 3, 3, .. new float[10]];
        float[] gradients = [.. new float[13], 1, .. new float[6]];
        PruningDemand demand = method.DemandFor(1, mask);

        Assert.Equal([0, 1, 3, 4, 5, 6, 7, 8, 9, 13], method.Next(new PruningRound(1, mask, weights, weights, demand, [gradients])).Active(0).ToArray());
        Assert.Same(mask, method.Next(new PruningRound(1, mask, weights, weights, demand, [new float[20]])));
        Assert.Same(mask, method.Next(new PruningRound(1, mask, weights, weights, demand, [])));
    }

    [Fact]
    public void DemandFor_FullLayer_AsksForNothing()
    {
        IPruningMethod method = Method(0.1, 1);

        Assert.True(method.DemandFor(2, ModelMask.Full(Schema, 1)).IsEmpty);
        Assert.True(method.DemandFor(3, PruningModels.Mask(Schema, 0.1, 1)).IsEmpty);
        Assert.False(method.DemandFor(2, PruningModels.Mask(Schema, 0.1, 1)).IsEmpty);
    }

    [Fact]
    public void Candidates_SameSeed_AreTheSameMasks()
    {
        float[] parameters = PruningModels.Gaussian(Schema.ParameterCount, 0);

        ImmutableArray<string> first = [.. Method(0.05, 9).Candidates(parameters).Select(mask => mask.HashText)];

        Assert.Equal(first, Method(0.05, 9).Candidates(parameters).Select(mask => mask.HashText));
        Assert.NotEqual(first[2], Method(0.05, 10).Candidates(parameters)[2].HashText);
    }

    [Fact]
    public void Best_PooledLosses_DividesByExamplesAndSkipsWhatIsNotFinite()
    {
        Assert.Equal(1, CandidateChoice.Best([10, 8, 1], [4, 4, 0]));
        Assert.Equal(1, CandidateChoice.Best([double.NaN, 6, 6], [1, 2, 2]));

        // A device had no finite loss under the last one: it must not look better for that.
        Assert.Equal(1, CandidateChoice.Best([12, 8, 3], [4, 4, 3]));
        Assert.Equal(0, CandidateChoice.Best([double.NaN, double.PositiveInfinity], [1, 1]));
    }

    private static IPruningMethod Method(double density, ulong seed) => new FedTinyFactory().Create(
        new PruningSettings { Density = density, Candidates = 3, AdjustEvery = 2, StopAdjusting = 20 }, Schema, seed);

    private static PruningRound Round(IPruningMethod method, ModelMask mask, int round)
    {
        float[] weights = PruningModels.Gaussian(Schema.ParameterCount, (uint)(100 + round));
        mask.Apply(weights);
        PruningDemand demand = method.DemandFor(round, mask);
        return new PruningRound(
            round, mask, weights, weights, demand,
            [.. demand.Layers.Select(layer => (ReadOnlyMemory<float>)PruningModels.Gaussian(mask.Layers[layer.Layer].Count, (uint)(200 + round)))]);
    }
}
