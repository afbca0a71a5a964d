using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Outliers;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>DnC: chooses by samples of the coordinates.</summary>
internal sealed class DivideAndConquerBody(DivideAndConquer rule) : RuleBody
{
    public override float[][][] Sample(IReadOnlyList<ReadOnlyMemory<float>> updates, int from, int length, CounterRandom random) =>
        rule.Sample(updates, from, length, random);

    public override RuleChoice Choose(SeenVectors seen)
    {
        GramCombination found = rule.Combine(seen.Samples, seen.Dropped);
        return new RuleChoice(found.Trust, found.Coefficients);
    }
}
