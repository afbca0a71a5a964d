namespace Federated.Protocol.Jobs;

/// <summary>The aggregation rule.</summary>
public sealed record AggregationSettings
{
    /// <summary>Registered name of the rule, such as <c>mean</c>.</summary>
    public string Rule { get; set; } = "mean";

    /// <summary><c>examples</c>: an update counts by its number of examples; <c>uniform</c>: each counts once.</summary>
    public string Weighting { get; set; } = "examples";

    /// <summary>Batch-norm statistics: <c>aggregated</c>, or <c>local</c> to each device.</summary>
    public string Statistics { get; set; } = "aggregated";

    /// <summary><c>journal</c>, or <c>spool</c>: stored updates outlive their node.</summary>
    public string Durability { get; set; } = "journal";
}
