using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Outliers;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>SignGuard: chooses by norms and by the signs in a sample.</summary>
internal sealed class SignGuardBody(SignGuardOptions options) : RuleBody
{
    private readonly SignGuard _rule = new(options);

    public override bool NeedsGram => true;

    public override float[][][] Sample(IReadOnlyList<ReadOnlyMemory<float>> updates, int from, int length, CounterRandom random) =>
        [CoordinateSample.Read(updates, from, length, options.SampleSize, random)];

    public override RuleChoice Choose(SeenVectors seen)
    {
        GramMatrix gram = seen.Products;
        GramCombination found = _rule.Combine([.. Enumerable.Range(0, seen.Count).Select(gram.Norm)], seen.Samples[0]);
        return new RuleChoice(found.Trust, found.Coefficients);
    }
}
