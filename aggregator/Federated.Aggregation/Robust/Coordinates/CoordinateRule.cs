using Federated.Aggregation.Kernels;

namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// A rule that reduces each coordinate by itself, over all updates. It can be applied to any part of the parameter range, so it is distributed by
/// shards of the range, each of which sees every client. Weights have no meaning here: a client must not buy influence by claiming examples.
/// </summary>
public abstract class CoordinateRule
{
    private protected CoordinateRule(string name, int byzantine)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byzantine);
        Name = name;
        Byzantine = byzantine;
    }

    /// <summary>Its name in a job definition.</summary>
    public string Name { get; }

    /// <summary>f, the number of updates that may be arbitrary.</summary>
    public int Byzantine { get; }

    /// <summary>Reduces the updates. An update with a NaN or an infinity is left out and counts as one of the f.</summary>
    /// <param name="updates">Equally long vectors.</param>
    /// <param name="destination">Receives the aggregate; as long as each of them.</param>
    /// <param name="degree">Most cores to use at once; 0 for all. The result has the same bits for any.</param>
    /// <returns>The indices of the updates that were left out.</returns>
    /// <exception cref="ArgumentException">There are too few finite updates for f, or lengths differ.</exception>
    public int[] Aggregate(IReadOnlyList<ReadOnlyMemory<float>> updates, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentOutOfRangeException.ThrowIfNegative(degree);
        using var pins = new PinnedVectors(updates);
        if (updates.Count > 0 && pins.Length != destination.Length)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; the updates have {pins.Length}.", nameof(destination));
        }

        if (TryReduce(pins.Addresses, Byzantine, destination, degree))
        {
            return [];
        }

        int[] dropped = [.. Enumerable.Range(0, updates.Count).Where(k => updates[k].Span.ContainsNonFinite())];
        nint[] rest = [.. Enumerable.Range(0, updates.Count).Except(dropped).Select(k => pins.Addresses[k])];
        if (!TryReduce(rest, Math.Max(0, Byzantine - dropped.Length), destination, degree))
        {
            throw new InvalidOperationException("The updates changed while they were aggregated.");
        }

        return dropped;
    }

    /// <summary>What is done to every coordinate of a number of vectors.</summary>
    internal CoordinatePlan PlanFor(int count)
    {
        RobustCondition.Majority(Name, count, Byzantine);
        return Plan(count, Byzantine);
    }

    private protected abstract CoordinatePlan Plan(int count, int byzantine);

    private unsafe bool TryReduce(nint[] sources, int byzantine, Span<float> destination, int degree)
    {
        RobustCondition.Majority(Name, sources.Length, byzantine);
        CoordinatePlan plan = Plan(sources.Length, byzantine);
        Exchange[] exchanges = plan.Exchanges();
        int notFinite = 0;
        fixed (float* start = destination)
        {
            float* target = start;
            ParallelRanges.Run(destination.Length, degree == 0 ? Environment.ProcessorCount : degree, (from, to) =>
            {
                if (!CoordinateKernel.Run(plan, exchanges, sources, target, from, to))
                {
                    Volatile.Write(ref notFinite, 1);
                }
            });
        }

        return notFinite == 0;
    }
}
