using System.Collections.Immutable;

namespace Federated.Protocol.Pruning;

/// <summary>What changes in one layer from a mask to the next.</summary>
/// <param name="Layer">The layer's position among the prunable ones.</param>
/// <param name="Dropped">Coordinates that were active and are so no more, ascending.</param>
/// <param name="Grown">Coordinates that become active, ascending; their weights start at zero.</param>
public sealed record LayerChange(int Layer, ImmutableArray<int> Dropped, ImmutableArray<int> Grown);
