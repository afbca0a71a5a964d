using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class AlternativeMethodsTests
{
    private const int Stop = 20;
    private static readonly ModelSchema Schema = PruningModels.Deep;
    private static readonly ImmutableArray<PrunableLayer> Layers = PrunableLayer.Of(Schema);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(50, 1)]
    [InlineData(700, 2)]
    [InlineData(1_000_000, 3)]
    public void Largest_ScoresWithTies_EqualsANaiveChoice(int total, uint stream)
    {
        // Few distinct scores, some not on offer, and a layer that has nothing but small ones.
        float[][] scores = [.. Layers.Select((layer, l) => PruningModels.Gaussian(layer.Count, stream + (uint)(10 * l)).Select(value => l == 2 ? Math.Abs(value) / 1000 : MathF.Round(2 * value)).ToArray())];

        int[][] chosen = GlobalChoice.Largest(Layers, scores, total);

        Assert.Equal(Naive(scores, total), chosen);
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("erk")]
    [InlineData("random")]
    [InlineData("synflow")]
    [InlineData("prunefl")]
    [InlineData("feddst")]
    [InlineData("granet")]
    [InlineData("snip")]
    [InlineData("channels")]
    public void Next_RunsOfManyRounds_KeepTheirBudgets(string name)
    {
        foreach (double density in (double[])[0.03, 0.6])
        {
            int total = LayerBudgets.Total(Layers, density);
            IPruningMethod method = Create(name, density);
            float[] start = Start(name, density);
            ModelMask mask = Assert.Single(method.Candidates(start));
            Assert.Equal(1, mask.Epoch);
            int changes = 0;
            for (int round = 1; round <= Stop + 2; round++)
            {
                ModelMask next = method.Next(Round(method, mask, round));

                Assert.Equal(ReferenceEquals(mask, next) ? mask.Epoch : mask.Epoch + 1, next.Epoch);
                Assert.All(Enumerable.Range(0, Layers.Length), l => Assert.True(next.CountOf(l) >= Layers[l].Fewest, $"{name}: layer {l} has {next.CountOf(l)}"));
                Assert.True(name is "granet" or "snip" or "channels" || next.ActiveCount == total, $"{name}: {next.ActiveCount} of {total} after round {round}");
                Assert.True(round <= Stop || ReferenceEquals(mask, next), $"{name} changes the mask in round {round}");
                changes += ReferenceEquals(mask, next) ? 0 : 1;
                mask = next;
            }

            bool isStatic = name is "uniform" or "erk" or "random" or "synflow";
            Assert.Equal(isStatic, changes == 0);
            int least = Layers.Take(Layers.Length - 1).Sum(layer => Math.Max(1, layer.Rows / 8) * layer.Columns) + Layers[^1].Count;
            Assert.True(name == "channels" ? mask.ActiveCount <= Math.Max(total, least) : mask.ActiveCount == total, $"{name}: {mask.ActiveCount} of {total} at the end");
        }
    }

    [Fact]
    public void Candidates_Static_AreWhatTheirNamesSay()
    {
        float[] start = PruningModels.Gaussian(Schema.ParameterCount, 0);
        int total = LayerBudgets.Total(Layers, 0.1);
        ModelMask uniform = Create("uniform", 0.1).Candidates(start)[0], erk = Create("erk", 0.1).Candidates(start)[0], random = Create("random", 0.1).Candidates(start)[0];

        Assert.Equal(LayerBudgets.Uniform(Layers, total), Layers.Select((_, l) => uniform.CountOf(l)));
        Assert.Equal(LayerBudgets.ErdosRenyi(Layers, total), Layers.Select((_, l) => erk.CountOf(l)));
        Assert.Equal(Layers.Select((_, l) => uniform.CountOf(l)), Layers.Select((_, l) => random.CountOf(l)));
        Assert.NotEqual(uniform.HashText, random.HashText);
        Assert.Equal(random.HashText, Create("random", 0.1).Candidates(start)[0].HashText);
        for (int l = 0; l < Layers.Length; l++)
        {
            ReadOnlyMemory<float> weights = start.AsMemory(Layers[l].Start, Layers[l].Count);
            int[] largest = [.. Enumerable.Range(0, weights.Length).OrderByDescending(i => Math.Abs(weights.Span[i])).ThenBy(i => i).Take(uniform.CountOf(l)).Order()];
            Assert.Equal(largest, uniform.Active(l).ToArray());
        }
    }

    [Fact]
    public void Candidates_SynFlow_AreTheWeightsThatAreThere()
    {
        float[] start = Start("synflow", 0.1);

        ModelMask mask = Create("synflow", 0.1).Candidates(start)[0];

        float[] kept = [.. start];
        mask.Apply(kept);
        Assert.Equal(start, kept);
        Assert.Contains("--synflow 0.2", Assert.Throws<ArgumentException>(() => Create("synflow", 0.2).Candidates(start)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_Snip_KeepsTheLargestProductsOfWeightAndGradient()
    {
        IPruningMethod method = Create("snip", 0.1);
        ModelMask full = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];
        PruningRound round = Round(method, full, 1) with { Before = PruningModels.Gaussian(Schema.ParameterCount, 77) };

        ModelMask mask = method.Next(round);

        Assert.True(round.Demand.AtStart);
        float[][] scores = [.. Layers.Select((_, l) => round.Before.Slice(Layers[l].Start, Layers[l].Count).ToArray().Zip(round.Gradients[l].ToArray(), (w, g) => Math.Abs(w * g)).ToArray())];
        AssertActive(Naive(scores, LayerBudgets.Total(Layers, 0.1)), mask);
        Assert.Equal(Layers.Select((layer, l) => new LayerDemand(l, layer.Count)), round.Demand.Layers);
        Assert.True(round.Demand.IncludesActive);
        Assert.True(method.DemandFor(2, mask).IsEmpty);
    }

    [Fact]
    public void Next_SnipNobodyAnswers_StaysDenseAndAsksAgain()
    {
        IPruningMethod method = Create("snip", 0.1);
        ModelMask full = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];

        Assert.Same(full, method.Next(Round(method, full, 1) with { Gradients = [] }));
        Assert.False(method.DemandFor(2, full).IsEmpty);
    }

    [Fact]
    public void Next_PruneFl_KeepsLargeWeightsAndLetsTheOthersCompeteByGradient()
    {
        IPruningMethod method = Create("prunefl", 0.3);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];
        PruningRound round = Round(method, mask, 4);

        ModelMask next = method.Next(round);

        // f(4) = 0.3/2 (1 + cos(4π/20)).
        int moved = (int)Math.Floor(0.15 * (1 + Math.Cos(Math.PI * 4 / Stop)) * mask.ActiveCount);
        float[][] magnitudes = [.. Layers.Select((layer, l) => Enumerable.Range(0, layer.Count).Select(i => mask.IsActive(l, i) ? Math.Abs(round.WeightsOf(l)[i]) : -1).ToArray())];
        HashSet<int>[] kept = [.. Naive(magnitudes, mask.ActiveCount - moved).Select(indices => indices.ToHashSet())];
        float[][] rest = [.. Layers.Select((layer, l) => Enumerable.Range(0, layer.Count).Select(i => kept[l].Contains(i) ? 1e9f : Math.Abs(round.Gradients[l].Span[i])).ToArray())];
        AssertActive(Naive(rest, mask.ActiveCount), next);
        Assert.NotSame(mask, next);
    }

    [Fact]
    public void Next_FedDst_MovesEveryLayerLikeANaiveOne()
    {
        IPruningMethod method = Create("feddst", 0.2);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];
        PruningRound round = Round(method, mask, 2);

        ModelMask next = method.Next(round);

        AssertActive([.. Layers.Select((_, l) => Moved(round, mask.Active(l).ToArray(), l, (int)Math.Floor(0.15 * (1 + Math.Cos(Math.PI * 2 / Stop)) * mask.CountOf(l))))], next);
    }

    [Fact]
    public void Next_GraNet_PrunesAlongTheCubeAndRegrows()
    {
        IPruningMethod method = Create("granet", 0.1);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];
        Assert.Equal(LayerBudgets.Total(Layers, 0.5), mask.ActiveCount);
        PruningRound round = Round(method, mask, 2);

        ModelMask next = method.Next(round);

        // Density 1 - ((1 - d_i) + (d_i - d_f)(1 - (1 - c/c_f)³)).
        double density = 1 - (0.5 + (0.4 * (1 - Math.Pow(1 - (2.0 / Stop), 3))));
        float[][] magnitudes = [.. Layers.Select((layer, l) => Enumerable.Range(0, layer.Count).Select(i => mask.IsActive(l, i) ? Math.Abs(round.WeightsOf(l)[i]) : -1).ToArray())];
        int[][] pruned = Naive(magnitudes, LayerBudgets.Total(Layers, density));
        int[][] expected = [.. Layers.Select((_, l) => Moved(
            round, pruned[l], l, (int)Math.Floor(round.Demand.Layers.FirstOrDefault(demand => demand.Layer == l).Count * ((double)pruned[l].Length / mask.CountOf(l)))))];
        AssertActive(expected, next);
        Assert.Equal(LayerBudgets.Total(Layers, density), next.ActiveCount);
    }

    [Fact]
    public void Next_GraNetNobodyAnswers_PrunesAllTheSame()
    {
        IPruningMethod method = Create("granet", 0.1);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];

        ModelMask next = method.Next(Round(method, mask, 2) with { Gradients = [] });

        Assert.True(next.ActiveCount < mask.ActiveCount);
    }

    [Fact]
    public void Next_GraNetBehindTheLastAdjustment_ComesDownToItsDensityOnce()
    {
        IPruningMethod method = Create("granet", 0.1);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];

        ModelMask next = method.Next(Round(method, mask, Stop + 3));

        Assert.Equal((LayerBudgets.Total(Layers, 0.1), 2L), (next.ActiveCount, next.Epoch));
        Assert.Same(next, method.Next(Round(method, next, Stop + 4)));
        IPruningMethod still = PruningMethods.Create(new PruningSettings { Method = "granet", Density = 0.1, StopAdjusting = 0 }, Schema, 5)!;
        Assert.Same(mask, still.Next(Round(still, mask, 3)));
    }

    [Fact]
    public void Next_Channels_LeavesWholeRowsAndAllClasses()
    {
        IPruningMethod method = Create("channels", 0.2);
        ModelMask mask = method.Candidates(PruningModels.Gaussian(Schema.ParameterCount, 0))[0];
        for (int round = 1; round <= Stop; round++)
        {
            PruningRound brought = Round(method, mask, round);
            ModelMask next = method.Next(brought);
            for (int l = 0; l < Layers.Length; l++)
            {
                int[] rows = [.. next.Active(l).ToArray().Select(index => index / Layers[l].Columns).Distinct()];
                Assert.Equal(rows.Length * Layers[l].Columns, next.CountOf(l));
                Assert.True(rows.Length >= Math.Max(1, Layers[l].Rows / 8));
                Assert.All(rows, row => Assert.True(mask.IsActive(l, row * Layers[l].Columns)));
            }

            Assert.Equal(Layers[^1].Count, next.CountOf(Layers.Length - 1));
            Assert.True(method.DemandFor(round, next).IsEmpty);
            mask = next;
        }

        Assert.InRange(mask.ActiveCount, LayerBudgets.Total(Layers, 0.2) - (64 * 9), LayerBudgets.Total(Layers, 0.2));
    }

    [Fact]
    public void Next_ChannelsOfOneLayer_LoseTheWeakest()
    {
        var schema = new ModelSchema([new("a", [4, 2]), new("b", [4, 2]), new("last", [2, 2])]);
        IPruningMethod method = PruningMethods.Create(new PruningSettings { Method = "channels", Density = 0.6, AdjustEvery = 1, StopAdjusting = 1 }, schema, 1)!;
        float[] weights = [1, 1, 3, 3, 2, 2, 9, 9, .. (float[])[10, 10, 10, 10, 10, 10, 10, 10], 0, 0, 0, 0];
        ModelMask mask = method.Candidates(weights)[0];

        // The mean square of a's rows is 23.75: 0.04, 0.38 and 0.17 of it go first; all of b's are 1.
        ModelMask next = method.Next(new PruningRound(1, mask, weights, weights, PruningDemand.None, []));

        Assert.Equal([6, 7], next.Active(0).ToArray());
        Assert.Equal(6, next.CountOf(1));
        Assert.Equal(4, next.CountOf(2));
    }

    [Fact]
    public void BuiltIn_Names_AreUnique() =>
        Assert.Equal(PruningMethods.BuiltIn.Length, PruningMethods.BuiltIn.Select(factory => factory.Name).Distinct(StringComparer.Ordinal).Count());

    private static IPruningMethod Create(string name, double density) =>
        PruningMethods.Create(new PruningSettings { Method = name, Density = density, Alpha = 0.3, AdjustEvery = 2, StopAdjusting = Stop }, Schema, 5)!;

    private static float[] Start(string name, double density)
    {
        float[] start = PruningModels.Gaussian(Schema.ParameterCount, 0);
        if (name == "synflow")
        {
            Create("random", density).Candidates(start)[0].Apply(start);
        }

        return start;
    }

    private static PruningRound Round(IPruningMethod method, ModelMask mask, int round)
    {
        float[] weights = PruningModels.Gaussian(Schema.ParameterCount, (uint)(100 + round));
        mask.Apply(weights);
        PruningDemand demand = method.DemandFor(round, mask);
        return new PruningRound(
            round, mask, weights, weights, demand,
            [.. demand.Layers.Select(layer => (ReadOnlyMemory<float>)PruningModels.Gaussian(mask.Layers[layer.Layer].Count, (uint)(200 + (50 * round) + layer.Layer)))]);
    }

    /// <summary>Drops the smallest of what is active and grows what was inactive in the round, by gradient.</summary>
    private static int[] Moved(PruningRound round, int[] active, int layer, int most)
    {
        int place = round.Demand.Layers.Select(demand => demand.Layer).ToList().IndexOf(layer);
        if (place < 0)
        {
            return active;
        }

        float[] weights = round.WeightsOf(layer).ToArray(), gradients = round.Gradients[place].ToArray();
        int count = Math.Min(most, active.Length - Layers[layer].Fewest);
        int[] grown = [.. Enumerable.Range(0, weights.Length).Where(i => !round.Mask.IsActive(layer, i)).OrderByDescending(i => Math.Abs(gradients[i])).ThenBy(i => i).Take(count)];
        int[] dropped = [.. active.OrderBy(i => Math.Abs(weights[i])).ThenBy(i => i).Take(grown.Length)];
        return [.. active.Except(dropped).Concat(grown).Order()];
    }

    private static int[][] Naive(float[][] scores, int total)
    {
        var all = scores.SelectMany((layer, l) => layer.Select((score, i) => (Score: score, Layer: l, Index: i))).Where(entry => entry.Score >= 0)
            .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Layer).ThenBy(entry => entry.Index).ToList();
        var first = all.GroupBy(entry => entry.Layer).SelectMany(layer => layer.Take(Layers[layer.Key].Fewest))
            .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Layer).ThenBy(entry => entry.Index).Take(total).ToList();
        var chosen = first.Concat(all.Except(first).Take(total - first.Count)).ToLookup(entry => entry.Layer, entry => entry.Index);
        return [.. scores.Select((_, l) => chosen[l].Order().ToArray())];
    }

    private static void AssertActive(int[][] expected, ModelMask mask)
    {
        for (int l = 0; l < expected.Length; l++)
        {
            Assert.Equal(expected[l], mask.Active(l).ToArray());
        }
    }
}
