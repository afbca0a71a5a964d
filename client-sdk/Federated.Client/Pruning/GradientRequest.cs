using System.Collections.Immutable;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>Which gradients are sought.</summary>
/// <param name="Mask">The mask of the model.</param>
/// <param name="Layers">The layers, ascending, and how many coordinates of each.</param>
/// <param name="IncludesActive">Whether active coordinates compete; otherwise only inactive ones do.</param>
public sealed record GradientRequest(ModelMask Mask, ImmutableArray<LayerDemand> Layers, bool IncludesActive = false)
{
    /// <summary>Most coordinates that are found.</summary>
    public int MostCoordinates => Layers.Sum(layer => layer.Count);
}
