namespace Federated.Protocol.Pruning;

/// <summary>Gradients that devices send of one layer.</summary>
/// <param name="Layer">The layer's position among the prunable ones.</param>
/// <param name="Count">Coordinates of largest gradient that a device sends, above 0 and at most the layer's size.</param>
public readonly record struct LayerDemand(int Layer, int Count);
