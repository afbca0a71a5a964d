using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>Static clipping: updates longer than a bound are shortened to it.</summary>
/// <param name="bound">Largest norm, greater than 0.</param>
public sealed class ClipMixing(double bound) : IMixing
{
    public string Name => "clipping";

    public double[][] Mix(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        RobustCondition.Positive(Name, "bound", bound);
        return Shorten(gram, bound);
    }

    internal static double[][] Shorten(GramMatrix gram, double bound) =>
        SmallMatrix.New(gram.Count, gram.Count, (i, j) => i == j ? Math.Min(1, bound / Math.Max(gram.Norm(i), double.Epsilon)) : 0);
}
