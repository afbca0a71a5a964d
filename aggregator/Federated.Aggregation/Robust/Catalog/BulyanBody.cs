using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Rules;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>Bulyan: Krum again and again, then the values of each coordinate nearest to the median.</summary>
/// <param name="byzantine">f.</param>
internal sealed class BulyanBody(int byzantine) : RuleBody
{
    public override bool NeedsGram => true;

    public override RuleChoice Choose(SeenVectors seen)
    {
        int[] chosen = new BulyanSelection(byzantine).Choose(seen.Products, seen.Dropped);
        double[] trust = new double[seen.Count];
        foreach (int i in chosen)
        {
            trust[i] = 1;
        }

        int kept = chosen.Length - (2 * RobustCondition.Left(byzantine, seen.Dropped));
        return new RuleChoice(trust, Reduction: new NearestToMedian(kept), Chosen: chosen);
    }
}
