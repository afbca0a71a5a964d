using Federated.Aggregation.Kernels;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Runs a coordinate rule over updates that are all at hand.</summary>
public static class CoordinateAggregation
{
    /// <summary>Aggregates. Updates that are not finite are dropped before the rule sees them.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="updates">Equally long updates.</param>
    /// <param name="destination">Receives the aggregate; none of the updates.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    /// <returns>The updates that were dropped.</returns>
    /// <exception cref="ArgumentException">No update is finite, lengths differ, or the rule cannot work with what is left.</exception>
    public static unsafe IReadOnlyList<int> Run(
        ICoordinateRule rule, IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentOutOfRangeException.ThrowIfNegative(degree);
        int workers = degree == 0 ? Environment.ProcessorCount : degree;
        using var pins = new PinnedVectors(updates);
        bool[] isFinite = new bool[updates.Count];
        Parallel.For(0, updates.Count, new ParallelOptions { MaxDegreeOfParallelism = workers }, i =>
            isFinite[i] = VectorMath.FiniteSquaredNorm(updates[i].Span, out _));
        nint[] sources = [.. pins.Addresses.Where((_, i) => isFinite[i])];
        if (sources.Length == 0)
        {
            throw new ArgumentException($"None of {updates.Count} updates is finite: there is nothing to aggregate.", nameof(updates));
        }

        if (pins.Length != destination.Length)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; the updates have {pins.Length}.", nameof(destination));
        }

        (int from, int to) = rule.Ranks(sources.Length);
        (int Low, int High)[] network = SortingNetwork.For(sources.Length, from, to);
        fixed (float* start = destination)
        {
            float* target = start;
            ParallelRanges.Run(destination.Length, workers, (first, last) => CoordinateKernel.Run(rule, sources, network, target, first, last));
        }

        return [.. Enumerable.Range(0, updates.Count).Where(i => !isFinite[i])];
    }
}
