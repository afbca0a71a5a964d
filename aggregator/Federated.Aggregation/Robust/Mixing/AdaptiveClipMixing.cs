using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// ARC, adaptive robust clipping (Allouah et al., ICLR 2025): the ⌊2(f/n)(n − f)⌋ longest updates are shortened to the next norm.
/// </summary>
/// <param name="byzantine">f, with 2f &lt; n.</param>
public sealed class AdaptiveClipMixing(int byzantine) : IMixing
{
    public string Name => "arc";

    public double[][] Mix(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        int f = RobustCondition.Left(byzantine, dropped);
        RobustCondition.Majority(Name, n, f);
        int clipped = (int)(2L * f * (n - f) / n);
        double[] norms = [.. Enumerable.Range(0, n).Select(gram.Norm).Order()];
        return ClipMixing.Shorten(gram, norms[n - clipped - 1]);
    }
}
