using System.Collections.Immutable;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>Masks that need nothing but the initial parameters.</summary>
internal static class StaticMasks
{
    /// <summary>The largest weights of every layer, at one density.</summary>
    public static ModelMask Uniform(PruningSettings settings, ModelSchema schema, float[] parameters) =>
        Largest(schema, parameters, layers => LayerBudgets.Uniform(layers, LayerBudgets.Total(layers, settings.Density)));

    /// <summary>The largest weights of every layer, small layers denser than large ones.</summary>
    public static ModelMask ErdosRenyi(double density, ModelSchema schema, float[] parameters) =>
        Largest(schema, parameters, layers => LayerBudgets.ErdosRenyi(layers, LayerBudgets.Total(layers, density)));

    /// <summary>Any weights of every layer, at one density.</summary>
    public static ModelMask Random(PruningSettings settings, ModelSchema schema, ulong seed)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        ImmutableArray<int> counts = LayerBudgets.Uniform(layers, LayerBudgets.Total(layers, settings.Density));
        return ModelMask.Create(
            schema, 1, [.. layers.Select((layer, l) => new CounterRandom(seed, RandomPurpose.Pruning, uint.MaxValue, (uint)l).Choose(layer.Count, counts[l]).Order().ToArray())]);
    }

    /// <summary>The weights of the initial model that are not zero.</summary>
    /// <exception cref="ArgumentException">They are not as many as the density asks for.</exception>
    public static ModelMask Given(PruningSettings settings, ModelSchema schema, float[] parameters)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        int total = LayerBudgets.Total(layers, settings.Density);
        int[][] active = [.. layers.Select(layer => Enumerable.Range(0, layer.Count).Where(index => parameters[layer.Start + index] != 0).ToArray())];
        return active.Sum(indices => indices.Length) == total
            ? ModelMask.Create(schema, 1, active)
            : throw new ArgumentException(
                $"The initial model has {active.Sum(indices => indices.Length)} weights that are not zero; density {settings.Density} asks for {total}. Make it with the simulator's 'init --synflow {settings.Density}'.");
    }

    private static ModelMask Largest(ModelSchema schema, float[] parameters, Func<ImmutableArray<PrunableLayer>, ImmutableArray<int>> budgets) =>
        ModelMask.OfLargest(schema, 1, parameters, budgets(PrunableLayer.Of(schema)));
}
