using Federated.Numerics;

namespace Federated.Coordination.Selection;

/// <summary>In proportion to the examples that a client has last reported; to the mean of the known ones before it has.</summary>
internal sealed class DataWeightedSelection(ulong seed) : TrainingSelection(seed)
{
    protected override int[] Choose(int round, ReadOnlySpan<uint> candidates, int count, CounterRandom random) =>
        WeightedDraw.Choose(random, ExamplesOf(candidates), count);
}
