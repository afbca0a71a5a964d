using Federated.Protocol.Rounds;

namespace Federated.Protocol.Jobs;

/// <summary>The aggregation rule.</summary>
public sealed record AggregationSettings
{
    /// <summary>
    /// The rule: <c>mean</c>, or a robust one with its parameters and with pre-aggregations in front, such as <c>nnm+trimmed-mean</c> or
    /// <c>centred-clipping:radius=10</c>.
    /// </summary>
    public string Rule { get; set; } = "mean";

    /// <summary>f: updates of a round that the rule takes to be arbitrary, at least 0; the rule says what it demands of it and of the cohort.</summary>
    public int Byzantine { get; set; }

    /// <summary><c>examples</c>: an update counts by its number of examples; <c>uniform</c>: each counts once.</summary>
    public string Weighting { get; set; } = "examples";

    /// <summary>Batch-norm statistics: <c>aggregated</c>, or <c>local</c> to each device.</summary>
    public string Statistics { get; set; } = "aggregated";

    /// <summary><c>journal</c>, or <c>spool</c>: stored updates outlive their node.</summary>
    public string Durability { get; set; } = "journal";

    /// <summary><c>eager</c>: updates are summed when they are stored; <c>lazy</c>: when the round closes, for comparison.</summary>
    public string Timing { get; set; } = AggregationTimings.Eager;

    /// <summary>
    /// What several nodes tell each other under a rule other than the mean. <c>exact</c>: ranges of all updates, for the result of one node; <c>sketch</c>: short
    /// projections of them, for rules that end in a weighted sum.
    /// </summary>
    public string Exchange { get; set; } = ExchangeModes.Exact;

    /// <summary>Standard error of an inner product from sketches, as a part of the product of the two norms, from 0.001 to 1; a sketch has 2 / error² numbers.</summary>
    public double SketchError { get; set; } = ExchangeModes.DefaultSketchError;
}
