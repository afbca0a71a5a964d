using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Anarchic.Masked;

/// <summary>A method whose masks the test names, by the version that they come with; it asks for nothing.</summary>
internal sealed class ScriptedMasks(ModelMask first, params (int Version, ModelMask Mask)[] changes) : IPruningMethod
{
    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [first];

    public PruningDemand DemandFor(int round, ModelMask mask) => PruningDemand.None;

    public ModelMask Next(PruningRound round) => changes.FirstOrDefault(change => change.Version == round.Number).Mask ?? round.Mask;
}
