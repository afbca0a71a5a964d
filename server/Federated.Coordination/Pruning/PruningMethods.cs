using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Pruning;

/// <summary>The pruning methods that a job may name.</summary>
public static class PruningMethods
{
    /// <summary>The method of candidates.</summary>
    public const string FedTiny = "fedtiny";

    /// <summary>The method whose mask is that of the initial model.</summary>
    public const string SynFlow = "synflow";

    /// <summary>All of them.</summary>
    public static ImmutableArray<IPruningMethodFactory> BuiltIn { get; } =
    [
        new FedTinyFactory(),
        new NamedFactory("uniform", "the largest initial weights of every layer, at one density; the mask stays", (settings, schema, _) => new StaticMethod(start => StaticMasks.Uniform(settings, schema, start))),
        new NamedFactory("erk", "the largest initial weights, small layers denser than large ones (Erdős-Rényi-Kernel); the mask stays", (settings, schema, _) => new StaticMethod(start => StaticMasks.ErdosRenyi(settings.Density, schema, start))),
        new NamedFactory("random", "any weights of every layer, at one density; the mask stays", (settings, schema, seed) => new StaticMethod(_ => StaticMasks.Random(settings, schema, seed))),
        new NamedFactory(SynFlow, "SynFlow (Tanaka et al. 2020) at initialisation: the weights that the initial model has left; the mask stays", (settings, schema, _) => new StaticMethod(start => StaticMasks.Given(settings, schema, start))),
        new NamedFactory("snip", "after SNIP (Lee et al. 2019): one dense round, then the weights of largest |w·gradient|; the mask stays", (settings, schema, _) => new SnipMethod(settings, schema)),
        new NamedFactory("prunefl", "after PruneFL (Jiang et al. 2019): adjustments by dense gradients of all layers", (settings, schema, _) => new PruneFlMethod(settings, schema)),
        new NamedFactory("feddst", "after FedDST (Bibikar et al. 2022): adjustments of all layers at once, Erdős-Rényi-Kernel", (settings, schema, _) => new FedDstMethod(settings, schema)),
        new NamedFactory("granet", "after GraNet (Liu et al. 2021): from half density down by magnitude, with growth by gradient", (settings, schema, _) => new GraNetMethod(settings, schema)),
        new NamedFactory("channels", "after LAPP: whole channels leave in the first rounds, so that dense kernels shrink", (settings, schema, _) => new ChannelMethod(settings, schema)),
    ];

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
