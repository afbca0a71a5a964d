using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// A coordinate rule behind pre-aggregations. Unlike <see cref="MixedRule"/> it has to form the mixed vectors, which take as much
/// memory as the updates.
/// </summary>
public static class MixedCoordinates
{
    /// <summary>Aggregates. An update with a NaN or an infinity is left out and counts as one of the f.</summary>
    /// <param name="mixings">Pre-aggregations, first to last.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <returns>The updates that were left out.</returns>
    /// <exception cref="ArgumentException">Too few updates are finite, or lengths differ.</exception>
    public static int[] Run(
        IReadOnlyList<IMixing> mixings, CoordinateRule rule, IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(mixings);
        ArgumentNullException.ThrowIfNull(rule);
        GramMatrix gram = GramMatrix.Compute(updates, degree);
        ILookup<bool, int> byFinite = Enumerable.Range(0, gram.Count).ToLookup(i => double.IsFinite(gram[i, i]));
        int[] finite = [.. byFinite[true]], dropped = [.. byFinite[false]];
        if (finite.Length == 0)
        {
            throw new ArgumentException($"None of {gram.Count} updates is finite: there is nothing to aggregate.", nameof(updates));
        }

        ReadOnlyMemory<float>[] kept = [.. finite.Select(i => updates[i])];
        var mixed = new List<ReadOnlyMemory<float>>();
        foreach (double[] row in MixingChain.Run(mixings, dropped.Length == 0 ? gram : gram.Select(finite), dropped).Rows)
        {
            float[] vector = GC.AllocateUninitializedArray<float>(destination.Length);
            WeightedSum.Compute(kept, row, vector, degree);
            mixed.Add(vector);
        }

        // The rule leaves these out as well, and lowers its f by them.
        mixed.AddRange(dropped.Select(i => updates[i]));
        rule.Aggregate(mixed, destination, degree);
        return dropped;
    }
}
