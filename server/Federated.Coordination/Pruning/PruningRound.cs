using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>What a training round has brought, for a method that decides on the next mask.</summary>
/// <param name="Number">Training rounds so far, this one included: from 1.</param>
/// <param name="Mask">The mask of the round.</param>
/// <param name="Before">The flat parameters that the devices started from; zero where the mask is inactive.</param>
/// <param name="After">The flat parameters that the round has made; zero where the mask is inactive.</param>
/// <param name="Demand">What was asked of the devices.</param>
/// <param name="Gradients">
/// The mean of what they sent, by weight, for each layer of the demand in its order: all coordinates of the layer, 0 where nobody sent one. Empty when there was no demand,
/// or nobody answered it.
/// </param>
public sealed record PruningRound(
    int Number,
    ModelMask Mask,
    ReadOnlyMemory<float> Before,
    ReadOnlyMemory<float> After,
    PruningDemand Demand,
    IReadOnlyList<ReadOnlyMemory<float>> Gradients)
{
    /// <summary>The weights of a layer that the devices started from.</summary>
    /// <param name="layer">The layer's position in <see cref="ModelMask.Layers"/>.</param>
    public ReadOnlySpan<float> StartOf(int layer) => Before.Span.Slice(Mask.Layers[layer].Start, Mask.Layers[layer].Count);

    /// <summary>The weights that the round has made in a layer.</summary>
    /// <param name="layer">The layer's position in <see cref="ModelMask.Layers"/>.</param>
    public ReadOnlySpan<float> WeightsOf(int layer) => After.Span.Slice(Mask.Layers[layer].Start, Mask.Layers[layer].Count);
}
