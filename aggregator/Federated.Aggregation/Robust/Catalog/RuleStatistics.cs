using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>
/// What a rule has to know of the updates of a round. Statistics of the shards of the parameter range add up to those of the whole, so every
/// shard can be measured where it is.
/// </summary>
public sealed class RuleStatistics
{
    internal RuleStatistics(GramMatrix? gram, bool[] finite, float[][][] samples)
    {
        Gram = gram;
        Finite = finite;
        Samples = samples;
    }

    /// <summary>Inner products of the updates, with the last aggregate behind them when the rule starts there; null when the rule needs none.</summary>
    public GramMatrix? Gram { get; }

    /// <summary>Which updates have neither a NaN nor an infinity.</summary>
    public IReadOnlyList<bool> Finite { get; }

    internal float[][][] Samples { get; }

    /// <summary>The same with the updates in another order; the last aggregate stays behind them.</summary>
    /// <param name="order">For each update its position before.</param>
    public RuleStatistics Reorder(IReadOnlyList<int> order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return order.Count == Finite.Count
            ? new RuleStatistics(
                Gram?.Select([.. order, .. Enumerable.Range(Finite.Count, Gram.Count - Finite.Count)]),
                [.. order.Select(i => Finite[i])],
                [.. Samples.Select(turn => order.Select(i => turn[i]).ToArray())])
            : throw new ArgumentException($"The order is of {order.Count} updates; there are {Finite.Count}.", nameof(order));
    }

    /// <summary>The statistics of two disjoint ranges together.</summary>
    /// <exception cref="ArgumentException">They are not of the same round and rule.</exception>
    public RuleStatistics Plus(RuleStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Finite.Count != other.Finite.Count || (Gram is null) != (other.Gram is null) || Samples.Length != other.Samples.Length)
        {
            throw new ArgumentException($"The statistics are of {Finite.Count} and {other.Finite.Count} updates, or of different rules.", nameof(other));
        }

        return new RuleStatistics(
            Gram?.Plus(other.Gram!),
            [.. Finite.Zip(other.Finite, (mine, its) => mine && its)],
            [.. Samples.Zip(other.Samples, (mine, its) => mine.Zip(its, (a, b) => a.Zip(b, (x, y) => x + y).ToArray()).ToArray())]);
    }
}
