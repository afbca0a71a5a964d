namespace Federated.Aggregation.Robust.Gram;

/// <summary>A rule whose aggregate is a linear combination of the updates, found from their inner products alone.</summary>
public interface IGramRule
{
    /// <summary>Its name in a job definition.</summary>
    string Name { get; }

    /// <summary>Finds the combination.</summary>
    /// <param name="gram">Inner products of the updates, all finite; at least one update.</param>
    /// <param name="dropped">Positions, among all that arrived, of updates that were left out because they are not finite; each is one of the f.</param>
    /// <exception cref="ArgumentException">The rule cannot work with this number of updates.</exception>
    GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped);
}
