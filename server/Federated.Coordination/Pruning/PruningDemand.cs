using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.Coordination.Pruning;

/// <summary>What devices send in a round besides their update.</summary>
/// <param name="Layers">
/// The layers, ascending, each with the number of gradients a device sends of it: those of largest magnitude, on one batch.
/// Empty for a round without. Layers with a count of 0 are left out.
/// </param>
/// <param name="IncludesActive">Whether active coordinates are sent too; without it devices choose among the inactive ones only.</param>
/// <param name="AtStart">Whether gradients are taken at the weights that devices start from; otherwise after local training.</param>
public sealed record PruningDemand(ImmutableArray<LayerDemand> Layers, bool IncludesActive = false, bool AtStart = false)
{
    /// <summary>Nothing.</summary>
    public static PruningDemand None { get; } = new([]);

    /// <summary>Whether devices send gradients.</summary>
    public bool IsEmpty => Layers.IsDefaultOrEmpty;

    /// <summary>What a task says of it.</summary>
    /// <param name="settings">The job's settings.</param>
    public GradientDemand ToTask(PruningSettings settings)
    {
        var demand = new GradientDemand
        {
            IncludeActive = IncludesActive,
            BatchSize = (uint)settings.GradientBatch,
            AtStart = AtStart,
            HalfValues = settings.GradientValues == PruningSettings.Half,
        };
        demand.Layers.AddRange(Layers.Select(layer => new LayerGradients { Layer = (uint)layer.Layer, Count = (uint)layer.Count }));
        return demand;
    }

    /// <summary>The section that answers it.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="settings">The job's settings.</param>
    public SectionSpec Section(ModelMask mask, PruningSettings settings) => TopGradients.Section(mask, Layers, settings.GradientValues == PruningSettings.Half);

    /// <summary>The values of a section that answers it, layer by layer.</summary>
    /// <param name="mask">The mask of the section.</param>
    /// <param name="values">All coordinates of the layers, one layer behind the other.</param>
    public ImmutableArray<ReadOnlyMemory<float>> Split(ModelMask mask, ReadOnlyMemory<float> values)
    {
        var layers = ImmutableArray.CreateBuilder<ReadOnlyMemory<float>>();
        int start = 0;
        foreach (LayerDemand layer in Layers)
        {
            layers.Add(values.Slice(start, mask.Layers[layer.Layer].Count));
            start += mask.Layers[layer.Layer].Count;
        }

        return layers.ToImmutable();
    }
}
