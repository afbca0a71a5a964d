using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>Moves in all layers at once.</summary>
internal static class LayerMoves
{
    /// <summary>As many gradients of every layer as its schedule moves.</summary>
    public static PruningDemand Demand(PruningSchedule schedule, int round, ModelMask mask)
    {
        if (!schedule.IsAdjustment(round))
        {
            return PruningDemand.None;
        }

        return new PruningDemand(
        [
            .. mask.Layers.Select((layer, l) => new LayerDemand(l, schedule.Moved(round, mask.CountOf(l), layer.Fewest, layer.Count))).Where(layer => layer.Count > 0),
        ]);
    }

    /// <summary>Drops the smallest weights of the demanded layers and grows what was inactive in the round by its gradient.</summary>
    /// <param name="round">What the round has brought.</param>
    /// <param name="active">For each layer what is active, a part of what was so in the round; changed.</param>
    /// <param name="share">Share of the demanded number that is moved, 0 to 1.</param>
    /// <returns>Whether anything moved.</returns>
    public static bool Regrow(PruningRound round, int[][] active, Func<int, double>? share = null)
    {
        bool changes = false;
        for (int i = 0; i < round.Gradients.Count; i++)
        {
            (int layer, int demanded) = (round.Demand.Layers[i].Layer, round.Demand.Layers[i].Count);
            int most = Math.Min((int)Math.Floor(demanded * (share?.Invoke(layer) ?? 1)), active[layer].Length - round.Mask.Layers[layer].Fewest);
            int[] grown = LayerAdjustment.Grow(round.Mask.Active(layer), round.Gradients[i].Span, most);
            if (grown.Length > 0)
            {
                active[layer] = [.. LayerAdjustment.Keep(active[layer], round.WeightsOf(layer), active[layer].Length - grown.Length).Concat(grown).Order()];
                changes = true;
            }
        }

        return changes;
    }
}
