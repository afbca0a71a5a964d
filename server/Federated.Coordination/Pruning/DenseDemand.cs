using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>The gradients of all coordinates of all layers.</summary>
internal static class DenseDemand
{
    public static PruningDemand Of(ModelMask mask) =>
        new([.. mask.Layers.Select((layer, l) => new LayerDemand(l, layer.Count))], IncludesActive: true);
}
