using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Mixing;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>
/// What a rule decided about a round. It can be carried out on any range of the parameters by itself: the results of the ranges, put side by
/// side, are the aggregate.
/// </summary>
public sealed class RuleVerdict
{
    private readonly CoordinateRule? _reduction;
    private readonly double[][]? _rows;
    private readonly int[] _sources;

    internal RuleVerdict(double[] coefficients, double[] scores, IReadOnlyList<int> dropped)
    {
        Coefficients = coefficients;
        Scores = scores;
        Dropped = dropped;
        _sources = [];
    }

    internal RuleVerdict(CoordinateRule reduction, int[] sources, double[][]? rows, double[]? scores, IReadOnlyList<int> dropped)
    {
        _reduction = reduction;
        _sources = sources;
        _rows = rows;
        Scores = scores;
        Dropped = dropped;
    }

    /// <summary>Shares of the updates, and of the last aggregate behind them when the rule starts there; null when coordinates are reduced.</summary>
    public IReadOnlyList<double>? Coefficients { get; }

    /// <summary>The rule's judgement of the updates; null when it is the distance to the aggregate, which has yet to be made.</summary>
    public IReadOnlyList<double>? Scores { get; }

    /// <summary>Updates that are not finite.</summary>
    public IReadOnlyList<int> Dropped { get; }

    /// <summary>Positions of the updates whose coordinates are reduced; empty for a weighted sum.</summary>
    internal IReadOnlyList<int> Sources => _sources;

    /// <summary>Shares of the sources in each vector that is reduced; null when they are reduced themselves.</summary>
    internal IReadOnlyList<double[]>? Rows => _rows;

    /// <summary>Carries the decision out on a range.</summary>
    /// <param name="vectors">The range of every update that was measured, and of the last aggregate behind them when the rule starts there.</param>
    /// <param name="destination">Receives the aggregate's range; none of the vectors.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    public void Combine(IReadOnlyList<ReadOnlyMemory<float>> vectors, Span<float> destination, int degree = 0)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (_reduction is null)
        {
            WeightedSum.Compute(vectors, [.. Coefficients!], destination, degree);
            return;
        }

        ReadOnlyMemory<float>[] sources = [.. _sources.Select(i => vectors[i])];
        if (_rows is null)
        {
            _reduction.Aggregate(sources, destination, degree);
        }
        else
        {
            MixedReduction.Run(_rows, _reduction, sources, destination, degree);
        }
    }
}
