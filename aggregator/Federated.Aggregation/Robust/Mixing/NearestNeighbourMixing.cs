using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// NNM (Allouah et al., AISTATS 2023): each update becomes the mean of its n − f nearest, itself among them.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class NearestNeighbourMixing(int byzantine) : IMixing
{
    public string Name => "nnm";

    public double[][] Mix(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Majority(Name, n, f);
        return
        [
            .. Enumerable.Range(0, n).Select(i =>
            {
                // An update is its own nearest even when another is identical.
                double[] distances = [.. Enumerable.Range(0, n).Select(j => j == i ? -1 : gram.SquaredDistance(i, j))];
                return Selection.Mean(Selection.Smallest(distances, n - f), n);
            }),
        ];
    }
}
