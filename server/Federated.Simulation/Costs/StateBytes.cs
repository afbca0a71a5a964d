namespace Federated.Simulation.Costs;

/// <summary>Memory that the training of a sparse model takes on a device beside its activations, in bytes.</summary>
/// <param name="Values">Active weights, and the parameters that are never pruned, float32.</param>
/// <param name="Index">Where the active weights are: 4 bytes each, or a bit for each weight where that is less.</param>
/// <param name="Gradients">Gradients of the values.</param>
/// <param name="Momentum">Momentum of the values.</param>
/// <param name="Selection">What an adjustment keeps: the candidates as index and value, or a dense gradient where the method needs one.</param>
public sealed record StateBytes(long Values, long Index, long Gradients, long Momentum, long Selection)
{
    /// <summary>All of it.</summary>
    public long Total => Values + Index + Gradients + Momentum + Selection;
}
