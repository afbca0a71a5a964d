using System.Collections.Immutable;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>What devices send in a round besides their update.</summary>
/// <param name="Layers">
/// The layers, ascending, each with the number of gradients a device sends of it: those of largest magnitude, taken after local training on one batch.
/// Empty for a round without. Layers with a count of 0 are left out.
/// </param>
/// <param name="IncludesActive">Whether active coordinates are sent too; without it devices choose among the inactive ones only.</param>
public sealed record PruningDemand(ImmutableArray<LayerDemand> Layers, bool IncludesActive = false)
{
    /// <summary>Nothing.</summary>
    public static PruningDemand None { get; } = new([]);

    /// <summary>Whether devices send gradients.</summary>
    public bool IsEmpty => Layers.IsDefaultOrEmpty;
}
