using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>What a rule sees of the finite updates of a round, or of what pre-aggregations made of them.</summary>
/// <param name="Count">Vectors, without the centre.</param>
/// <param name="Gram">Their inner products, with the last centre behind them when there is one; null when the rule does not need them.</param>
/// <param name="Samples">Samples of them, by turn and vector; empty when the rule does not need them.</param>
/// <param name="Weights">Their weights in the final sum, not all 0; null for equal ones.</param>
/// <param name="Dropped">Positions of the updates that were left out because they are not finite.</param>
internal sealed record SeenVectors(int Count, GramMatrix? Gram, float[][][] Samples, double[]? Weights, IReadOnlyList<int> Dropped)
{
    public bool HasCentre => Gram?.Count > Count;

    public GramMatrix Products => Gram ?? throw new InvalidOperationException("The rule asked for no inner products.");
}
