using System.Collections.Immutable;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>A mask that is chosen before the first round and stays.</summary>
/// <param name="choose">Chooses it from the initial parameters.</param>
internal sealed class StaticMethod(Func<float[], ModelMask> choose) : IPruningMethod
{
    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [choose(parameters.ToArray())];

    public PruningDemand DemandFor(int round, ModelMask mask) => PruningDemand.None;

    public ModelMask Next(PruningRound round) => round.Mask;
}
