using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Rules;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>Bulyan: Krum again and again, then the values of each coordinate nearest to the median.</summary>
/// <param name="byzantine">f.</param>
internal sealed class BulyanBody(int byzantine) : RuleBody
{
    public override bool NeedsGram => true;

    public override bool Reduces => true;

    public override CoordinateRule Reduction(int vectors, IReadOnlyList<int> dropped) =>
        new NearestToMedian(vectors - (2 * RobustCondition.Left(byzantine, dropped)));

    public override RuleChoice Choose(SeenVectors seen)
    {
        int[] chosen = new BulyanSelection(byzantine).Choose(seen.Products, seen.Dropped);
        double[] trust = new double[seen.Count];
        foreach (int i in chosen)
        {
            trust[i] = 1;
        }

        return new RuleChoice(trust, Reduction: Reduction(chosen.Length, seen.Dropped), Chosen: chosen);
    }
}
