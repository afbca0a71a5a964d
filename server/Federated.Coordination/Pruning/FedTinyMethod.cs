using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// FedTiny (Huang et al. 2022, arXiv 2212.01977). A pool of masks of the target density, with other shares for the layers, is judged on the devices; the best one is adjusted on a cosine schedule, one
/// block of layers at a time, by the largest gradients that devices send of that block. The number of active coordinates of every layer stays what the chosen candidate gave it.
/// </summary>
internal sealed class FedTinyMethod : IPruningMethod
{
    private readonly PruningSettings _settings;
    private readonly ModelSchema _schema;
    private readonly ulong _seed;
    private readonly PruningSchedule _schedule;

    public FedTinyMethod(PruningSettings settings, ModelSchema schema, ulong seed)
    {
        _settings = settings;
        _schema = schema;
        _seed = seed;
        _schedule = new PruningSchedule(settings.Alpha, settings.AdjustEvery, settings.StopAdjusting, settings.Blocks);
    }

    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(_schema);
        int total = LayerBudgets.Total(layers, _settings.Density);
        var masks = ImmutableArray.CreateBuilder<ModelMask>();
        foreach (ImmutableArray<int> counts in LayerBudgets.Pool(layers, total, _settings.Candidates, _seed))
        {
            masks.Add(ModelMask.OfLargest(_schema, 1, parameters, counts));
        }

        return masks.ToImmutable();
    }

    public PruningDemand DemandFor(int round, ModelMask mask)
    {
        if (!_schedule.IsAdjustment(round))
        {
            return PruningDemand.None;
        }

        ImmutableArray<LayerDemand> layers =
        [
            .. _schedule.LayersOf(_schedule.BlockOf(round), mask.Layers.Length)
                .Select(l => new LayerDemand(l, _schedule.Moved(round, mask.CountOf(l), mask.Layers[l].Fewest, mask.Layers[l].Count)))
                .Where(layer => layer.Count > 0),
        ];
        return new PruningDemand(layers);
    }

    public ModelMask Next(PruningRound round)
    {
        int[][] active = [.. Enumerable.Range(0, round.Mask.Layers.Length).Select(l => round.Mask.Active(l).ToArray())];
        bool changes = false;
        for (int i = 0; i < round.Gradients.Count; i++)
        {
            (int layer, int most) = (round.Demand.Layers[i].Layer, round.Demand.Layers[i].Count);
            int[] before = active[layer];
            active[layer] = LayerAdjustment.Move(before, round.WeightsOf(layer), round.Gradients[i].Span, most);
            changes |= !ReferenceEquals(before, active[layer]);
        }

        return changes ? round.Mask.With(round.Mask.Epoch + 1, active) : round.Mask;
    }
}
