using Federated.Aggregation.Robust.Coordinates;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A coordinate rule. It judges nobody by itself: how far an update is from the aggregate stands for that.</summary>
/// <param name="byzantine">f.</param>
/// <param name="rule">Makes the rule for what is left of f.</param>
internal sealed class CoordinateBody(int byzantine, Func<int, CoordinateRule> rule) : RuleBody
{
    /// <summary>The rule with the whole of f.</summary>
    public CoordinateRule Rule => rule(byzantine);

    public override bool Reduces => true;

    public override CoordinateRule Reduction(int vectors, IReadOnlyList<int> dropped) => rule(RobustCondition.Left(byzantine, dropped));

    public override RuleChoice Choose(SeenVectors seen) => new(null, Reduction: Reduction(seen.Count, seen.Dropped));
}
