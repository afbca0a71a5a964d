using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>The mean, which trusts everybody alike.</summary>
internal sealed class MeanBody : RuleBody
{
    public override RuleChoice Choose(SeenVectors seen) =>
        new([.. Enumerable.Repeat(1.0, seen.Count)], Selection.Mean(Enumerable.Range(0, seen.Count), seen.Count));
}
