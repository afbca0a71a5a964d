using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Rules;

/// <summary>The plain mean, so that it can be composed with pre-aggregations. Trust is 1.</summary>
public sealed class MeanRule : IGramRule
{
    public string Name => "mean";

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        RobustCondition.Majority(Name, gram.Count, 0);
        return new GramCombination(Selection.Mean(Enumerable.Range(0, gram.Count), gram.Count), [.. Enumerable.Repeat(1.0, gram.Count)]);
    }
}
