using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>A pre-aggregation: replaces the updates by linear combinations of them before a rule sees them.</summary>
public interface IMixing
{
    /// <summary>Its name in a job definition.</summary>
    string Name { get; }

    /// <summary>The combinations: row k holds the coefficients of the k-th vector that the rule sees.</summary>
    /// <param name="gram">Inner products of the updates, all finite; at least one update.</param>
    /// <param name="dropped">Positions, among all that arrived, of updates that were left out because they are not finite; each is one of the f.</param>
    /// <exception cref="ArgumentException">It cannot work with this number of updates.</exception>
    double[][] Mix(GramMatrix gram, IReadOnlyList<int> dropped);
}
