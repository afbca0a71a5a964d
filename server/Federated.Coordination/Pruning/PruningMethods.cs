using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Pruning;

/// <summary>The pruning methods that a job may name.</summary>
public static class PruningMethods
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<IPruningMethodFactory> BuiltIn { get; } = [new FedTinyFactory()];

    /// <summary>Makes a method; null where nothing is pruned.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="schema">The schema of the model.</param>
    /// <param name="seed">Seed of every draw.</param>
    public static IPruningMethod? Create(PruningSettings settings, ModelSchema schema, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return BuiltIn.FirstOrDefault(factory => factory.Name == settings.Method)?.Create(settings, schema, seed);
    }
}
