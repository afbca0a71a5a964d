using Federated.Aggregation.Robust.Flag;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>Flag: weights belong into the sum that is projected, so it applies them by itself.</summary>
internal sealed class FlagBody(FlagOptions options) : RuleBody
{
    private readonly FlagRule _rule = new(options);

    public override bool NeedsGram => true;

    public override bool AppliesWeights => true;

    public override RuleChoice Choose(SeenVectors seen)
    {
        FlagSolution solution = _rule.Solve(seen.Products, seen.Weights);
        return new RuleChoice(solution.Ratios, solution.Coefficients);
    }
}
