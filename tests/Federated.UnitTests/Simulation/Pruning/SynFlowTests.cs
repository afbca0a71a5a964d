using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Models;

namespace Federated.UnitTests.Simulation.Pruning;

public sealed class SynFlowTests
{
    [Fact]
    public void MaskBySynFlow_Mlp_EqualsProductsOfAbsoluteMatrices()
    {
        ModelDefinition definition = ModelZoo.Create("mlp", ModelShape.Flat(12), 3, new ModelOptions { Hidden = 8 });
        ModelContent model = definition.Initialise(4);
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(model.Schema);

        ModelMask mask = definition.MaskBySynFlow(model, 0.2);

        Assert.Equal(Naive(model, layers, 0.2), layers.Select((_, l) => mask.Active(l).ToArray()));
        Assert.Equal(LayerBudgets.Total(layers, 0.2), mask.ActiveCount);
    }

    [Theory]
    [InlineData("cnn-bn:4", 0.05)]
    [InlineData("resnet18:2", 0.05)]
    public void MaskBySynFlow_DeepModels_LeaveNoLayerEmpty(string name, double density)
    {
        ModelDefinition definition = ModelZoo.Create(name, ModelShape.Image(1, 16, 16), 10);
        ModelContent model = definition.Initialise(1);

        ModelMask mask = definition.MaskBySynFlow(model, density);

        Assert.Equal(LayerBudgets.Total(mask.Layers, density), mask.ActiveCount);
        Assert.All(Enumerable.Range(0, mask.Layers.Length), l => Assert.True(mask.CountOf(l) >= mask.Layers[l].Fewest));
    }

    [Fact]
    public void MaskBySynFlow_ModelWithoutLayers_SaysSo()
    {
        ModelDefinition definition = ModelZoo.Create("logistic", ModelShape.Flat(12), 3);

        Assert.Contains("'logistic'", Assert.Throws<ArgumentException>(() => definition.MaskBySynFlow(definition.Initialise(1), 0.5)).Message, StringComparison.Ordinal);
    }

    // R = 1ᵀ |W3| (|W2| (|W1| 1 + |b1|) + |b2|) + …: the score of a weight is what comes in, times the weight, times what its output adds to R.
    private static int[][] Naive(ModelContent model, ImmutableArray<PrunableLayer> layers, double density)
    {
        HashSet<int>[] active = [.. layers.Select(layer => Enumerable.Range(0, layer.Count).ToHashSet())];
        for (int step = 1; step <= 100; step++)
        {
            double[][] weights = [.. layers.Select((layer, l) => Enumerable.Range(0, layer.Count).Select(i => active[l].Contains(i) ? Math.Abs((double)model.Parameters[layer.Start + i]) : 0).ToArray())];
            double[][] ins = new double[layers.Length][], outs = new double[layers.Length][];
            for (int l = 0; l < layers.Length; l++)
            {
                ins[l] = l == 0 ? [.. Enumerable.Repeat(1.0, layers[0].Columns)] : [.. Enumerable.Range(0, layers[l - 1].Rows).Select(row =>
                    Math.Abs((double)model.Parameters[layers[l - 1].Start + layers[l - 1].Count + row])
                    + Enumerable.Range(0, layers[l - 1].Columns).Sum(column => weights[l - 1][(row * layers[l - 1].Columns) + column] * ins[l - 1][column]))];
            }

            for (int l = layers.Length - 1; l >= 0; l--)
            {
                outs[l] = l == layers.Length - 1 ? [.. Enumerable.Repeat(1.0, layers[l].Rows)] : [.. Enumerable.Range(0, layers[l].Rows).Select(row =>
                    Enumerable.Range(0, layers[l + 1].Rows).Sum(above => weights[l + 1][(above * layers[l + 1].Columns) + row] * outs[l + 1][above]))];
            }

            int total = LayerBudgets.Total(layers, Math.Pow(density, step / 100.0));
            var all = layers.SelectMany((layer, l) => active[l].Select(i => (Score: weights[l][i] * ins[l][i % layer.Columns] * outs[l][i / layer.Columns], Layer: l, Index: i)))
                .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Layer).ThenBy(entry => entry.Index).ToList();
            var first = all.GroupBy(entry => entry.Layer).SelectMany(layer => layer.Take(layers[layer.Key].Fewest)).ToList();
            active = [.. layers.Select((_, l) => first.Concat(all.Except(first).Take(total - first.Count)).Where(entry => entry.Layer == l).Select(entry => entry.Index).ToHashSet())];
        }

        return [.. active.Select(indices => indices.Order().ToArray())];
    }
}
