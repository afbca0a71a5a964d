using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A Gram rule.</summary>
/// <param name="rule">Makes the rule; told whether the last vector is the last round's aggregate.</param>
/// <param name="usesCentre">Whether it takes that vector.</param>
internal sealed class GramBody(Func<bool, IGramRule> rule, bool usesCentre = false) : RuleBody
{
    public override bool NeedsGram => true;

    public override bool UsesCentre => usesCentre;

    public override RuleChoice Choose(SeenVectors seen)
    {
        GramCombination found = rule(seen.HasCentre).Combine(seen.Products, seen.Dropped);
        return new RuleChoice(found.Trust, found.Coefficients);
    }
}
